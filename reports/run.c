/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "run.h"

#include <math.h>
#include <string.h>

#include "json.h"
#include "json-elements.h"
#include "sample.h"

/* The newest version of run.schema.json that is read here; those before it have
 * less. */
#define SCHEMA_VERSION 2

G_DEFINE_QUARK(sgb - report - error - quark, sgb_report_error)

static const SgbJsonMember root_members[] = {
    {"schema", SGB_JSON_COUNT},
    {"run", SGB_JSON_OBJECT},
    {"job", SGB_JSON_OBJECT},
    {"environment", SGB_JSON_OBJECT},
    {"targets", SGB_JSON_ARRAY},
    {"paths", SGB_JSON_ARRAY},
    {"cells", SGB_JSON_ARRAY},
    /* These come to a run that is going on one by one. */
    {"samples", SGB_JSON_ARRAY, TRUE},
    {"verification", SGB_JSON_ARRAY, TRUE},
    {"reconciliation", SGB_JSON_ARRAY, TRUE},
    {"log_pages", SGB_JSON_ARRAY, TRUE},
    {"not_run", SGB_JSON_ARRAY, TRUE},
    {NULL},
};

static const SgbJsonMember run_members[] = {
    {"id", SGB_JSON_STRING},
    {"tool", SGB_JSON_STRING},
    {"started", SGB_JSON_STRING},
    {"finished", SGB_JSON_STRING, TRUE},
    {"outcome", SGB_JSON_STRING, TRUE},
    {"message", SGB_JSON_STRING, TRUE},
    {"resumed", SGB_JSON_COUNT, TRUE},
    {NULL},
};

static const SgbJsonMember job_members[] = {
    {"name", SGB_JSON_STRING},         {"rounds", SGB_JSON_COUNT},
    {"cell_seconds", SGB_JSON_NUMBER}, {"cell_bytes", SGB_JSON_COUNT, TRUE},
    {"seed", SGB_JSON_NUMBER},         {"trace", SGB_JSON_STRING},
    {"verify", SGB_JSON_BOOLEAN},      {NULL},
};

static const SgbJsonMember environment_members[] = {
    {"host", SGB_JSON_STRING},
    {"kernel", SGB_JSON_STRING},
    {"machine", SGB_JSON_STRING},
    {"cpu", SGB_JSON_STRING},
    {"cpus", SGB_JSON_COUNT},
    {"memory", SGB_JSON_COUNT},
    {"lab", SGB_JSON_BOOLEAN},
    {"builds", SGB_JSON_OBJECT},
    {"governor", SGB_JSON_STRING, TRUE},
    {"warnings", SGB_JSON_ARRAY, TRUE},
    {NULL},
};

static const SgbJsonMember target_members[] = {
    {"name", SGB_JSON_STRING},         {"kind", SGB_JSON_STRING},
    {"capabilities", SGB_JSON_OBJECT}, {"identity", SGB_JSON_OBJECT},
    {"settings", SGB_JSON_OBJECT},     {NULL},
};

static const SgbJsonMember capability_members[] = {
    {"stores_data", SGB_JSON_BOOLEAN},
    {"reports_resid", SGB_JSON_BOOLEAN},
    {"kernel_sgio", SGB_JSON_BOOLEAN},
    {"machine_speed", SGB_JSON_BOOLEAN},
    {"max_depth", SGB_JSON_COUNT},
    {"max_transfer", SGB_JSON_COUNT},
    {"verdicts", SGB_JSON_STRING},
    {"timed", SGB_JSON_BOOLEAN, TRUE},
    {NULL},
};

static const SgbJsonMember identity_members[] = {
    {"vendor", SGB_JSON_STRING},
    {"product", SGB_JSON_STRING},
    {"revision", SGB_JSON_STRING},
    {"serial", SGB_JSON_STRING},
    {"block_size", SGB_JSON_COUNT},
    {"blocks", SGB_JSON_COUNT},
    {"physical_block_size", SGB_JSON_COUNT, TRUE},
    {NULL},
};

static const SgbJsonMember path_members[] = {
    {"name", SGB_JSON_STRING},
    {"summary", SGB_JSON_STRING},
    {"build", SGB_JSON_STRING_OR_NULL},
    {"control_of", SGB_JSON_STRING, TRUE},
    {NULL},
};

static const SgbJsonMember cell_members[] = {
    {"id", SGB_JSON_STRING},
    {"target", SGB_JSON_STRING},
    {"path", SGB_JSON_STRING},
    {"operation", SGB_JSON_STRING},
    {"size", SGB_JSON_COUNT},
    {"depth", SGB_JSON_COUNT},
    {"layout", SGB_JSON_STRING},
    {"cdb_size", SGB_JSON_COUNT},
    {"access", SGB_JSON_STRING, TRUE},
    {"reads", SGB_JSON_COUNT, TRUE},
    {"shift", SGB_JSON_COUNT, TRUE},
    {"rate", SGB_JSON_COUNT, TRUE},
    {"data", SGB_JSON_STRING, TRUE},
    {"moves_data", SGB_JSON_BOOLEAN, TRUE},
    {"tape_block", SGB_JSON_COUNT, TRUE},
    {"filemarks", SGB_JSON_COUNT, TRUE},
    {"hba", SGB_JSON_STRING, TRUE},
    {NULL},
};

static const SgbJsonMember verification_members[] = {
    {"target", SGB_JSON_STRING},
    {"path", SGB_JSON_STRING},
    {"result", SGB_JSON_STRING},
    {"message", SGB_JSON_STRING, TRUE},
    {NULL},
};

static const SgbJsonMember not_run_members[] = {
    {"cell", SGB_JSON_STRING},
    {"message", SGB_JSON_STRING},
    {NULL},
};

static const SgbJsonMember log_members[] = {
    {"target", SGB_JSON_STRING},
    {"start", SGB_JSON_COUNT},
    {"when", SGB_JSON_STRING},
    {"pages", SGB_JSON_ARRAY},
    {NULL},
};

static const SgbJsonMember reconciliation_members[] = {
    {"cell", SGB_JSON_STRING},
    {"result", SGB_JSON_STRING},
    {"message", SGB_JSON_STRING, TRUE},
    {"lost_events", SGB_JSON_COUNT, TRUE},
    {"trace_requests", SGB_JSON_COUNT, TRUE},
    {"dio_requests", SGB_JSON_COUNT, TRUE},
    {"direct", SGB_JSON_COUNT, TRUE},
    {"bounced", SGB_JSON_COUNT, TRUE},
    {"stages", SGB_JSON_OBJECT, TRUE},
    {NULL},
};

static void cell_free(gpointer data)
{
    SgbCell *cell = data;

    g_ptr_array_unref(cell->samples);
    g_ptr_array_unref(cell->traced);
    sgb_histogram_free(cell->latency);
    for (unsigned i = 0; i < SGB_TIMES__COUNT; i++) {
        g_clear_pointer(&cell->more[i], sgb_histogram_free);
    }
    g_free(cell);
}

void sgb_run_free(SgbRun *run)
{
    if (!run) {
        return;
    }
    g_clear_pointer(&run->cells, g_ptr_array_unref);
    g_clear_pointer(&run->json, json_object_unref);
    g_free(run->path);
    g_free(run);
}

static gboolean check_elements(JsonObject *root, const char *name,
                               const SgbJsonMember *members, const char *file,
                               GError **error)
{
    JsonArray *array = sgb_json_array(root, name);
    unsigned n = array ? json_array_get_length(array) : 0;
    JsonObject *element;

    for (unsigned i = 0; i < n; i++) {
        if (!sgb_json_element(root, name, i, members, file, &element, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean check_targets(JsonObject *root, const char *file,
                              GError **error)
{
    unsigned n = json_array_get_length(sgb_json_array(root, "targets"));

    for (unsigned i = 0; i < n; i++) {
        g_autofree char *capabilities =
            g_strdup_printf("targets[%u].capabilities", i);
        g_autofree char *identity = g_strdup_printf("targets[%u].identity", i);
        JsonObject *target;

        if (!sgb_json_element(root, "targets", i, target_members, file, &target,
                              error) ||
            !sgb_json_check(sgb_json_object(target, "capabilities"),
                            capability_members, file, capabilities, error) ||
            !sgb_json_check(sgb_json_object(target, "identity"),
                            identity_members, file, identity, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* Everything but the samples. */
static gboolean check_root(JsonObject *root, const char *file, GError **error)
{
    uint64_t schema;

    if (!sgb_json_check(root, root_members, file, "", error)) {
        return FALSE;
    }
    schema = sgb_json_count(root, "schema");
    if (schema < 1 || schema > SCHEMA_VERSION) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: \"schema\" is %" G_GUINT64_FORMAT ", but this "
                    "sgbench reads 1 to %d%s",
                    file, schema, SCHEMA_VERSION,
                    schema > SCHEMA_VERSION ? ": use a newer one" : "");
        return FALSE;
    }
    return sgb_json_check(sgb_json_object(root, "run"), run_members, file,
                          "run", error) &&
           sgb_json_check(sgb_json_object(root, "job"), job_members, file,
                          "job", error) &&
           sgb_json_check(sgb_json_object(root, "environment"),
                          environment_members, file, "environment", error) &&
           check_targets(root, file, error) &&
           check_elements(root, "paths", path_members, file, error) &&
           check_elements(root, "cells", cell_members, file, error) &&
           check_elements(root, "verification", verification_members, file,
                          error) &&
           check_elements(root, "log_pages", log_members, file, error) &&
           check_elements(root, "not_run", not_run_members, file, error) &&
           check_elements(root, "reconciliation", reconciliation_members, file,
                          error);
}

GHashTable *sgb_run_not_run(const SgbRun *run)
{
    GHashTable *ids = g_hash_table_new(g_str_hash, g_str_equal);
    JsonArray *all = sgb_json_array(run->json, "not_run");
    unsigned n = all ? json_array_get_length(all) : 0;

    for (unsigned i = 0; i < n; i++) {
        JsonObject *object = json_array_get_object_element(all, i);

        g_hash_table_insert(ids, (gpointer)sgb_json_string(object, "cell"),
                            (gpointer)sgb_json_string(object, "message"));
    }
    return ids;
}

static void add_cells(SgbRun *run, GHashTable *by_id)
{
    JsonArray *array = sgb_json_array(run->json, "cells");
    g_autoptr(GHashTable) not_run = sgb_run_not_run(run);

    for (unsigned i = 0; i < json_array_get_length(array); i++) {
        JsonObject *object = json_array_get_object_element(array, i);
        const char *id = sgb_json_string(object, "id");
        SgbCell *cell;

        if (g_hash_table_contains(by_id, id) ||
            g_hash_table_contains(not_run, id)) {
            continue;
        }
        cell = g_new0(SgbCell, 1);
        cell->id = id;
        cell->target = sgb_json_string(object, "target");
        cell->path = sgb_json_string(object, "path");
        cell->operation = sgb_json_string(object, "operation");
        cell->layout = sgb_json_string(object, "layout");
        cell->size = sgb_json_count(object, "size");
        cell->depth = MIN(sgb_json_count(object, "depth"), G_MAXUINT);
        cell->cdb_size = MIN(sgb_json_count(object, "cdb_size"), G_MAXINT);
        cell->random =
            g_strcmp0(sgb_json_string(object, "access"), "random") == 0;
        cell->reads = MIN(sgb_json_count(object, "reads"), 100);
        cell->shift = sgb_json_count(object, "shift");
        cell->rate = sgb_json_count(object, "rate");
        cell->data = sgb_json_string(object, "data");
        cell->moves_data = !json_object_has_member(object, "moves_data") ||
                           sgb_json_boolean(object, "moves_data");
        cell->tape_block = sgb_json_count(object, "tape_block");
        cell->filemarks = sgb_json_count(object, "filemarks");
        cell->hba = sgb_json_string(object, "hba");
        cell->samples =
            g_ptr_array_new_with_free_func((GDestroyNotify)sgb_sample_free);
        cell->dio = NAN;
        cell->latency = sgb_histogram_new();
        cell->traced =
            g_ptr_array_new_with_free_func((GDestroyNotify)sgb_sample_free);
        g_ptr_array_add(run->cells, cell);
        g_hash_table_insert(by_id, (void *)id, cell);
    }
}

/* Where samples go while a run is read. */
typedef struct Reader {
    GHashTable *by_id;     /* id -> SgbCell * */
    SgbHistogram *latency; /* of the sample at hand */
    SgbHistogram *times;
} Reader;

/* Add what only some loads have to @cell. */
static gboolean add_times(Reader *reader, SgbCell *cell, JsonObject *object,
                          const char *file, const char *where, GError **error)
{
    for (unsigned i = 0; i < SGB_TIMES__COUNT; i++) {
        gboolean there;

        if (!sgb_sample_times(object, i, file, where, reader->times, &there,
                              error)) {
            return FALSE;
        }
        if (there && !cell->more[i]) {
            cell->more[i] = sgb_histogram_new();
        }
        if (there) {
            sgb_histogram_merge(cell->more[i], reader->times);
        }
    }
    return TRUE;
}

/* Bytes are what counts where data is moved, else requests: the others are left
 * out, or all would be looked at twice. */
static void leave_out(SgbSample *sample, const SgbCell *cell)
{
    static const SgbFigure bytes[] = {SGB_FIGURE_THROUGHPUT, SGB_FIGURE_CPU,
                                      SGB_FIGURE_CPU_ALL};
    static const SgbFigure requests[] = {
        SGB_FIGURE_RATE, SGB_FIGURE_CPU_REQUEST, SGB_FIGURE_CPU_ALL_REQUEST};

    for (unsigned i = 0; i < G_N_ELEMENTS(bytes); i++) {
        sample->figures[cell->moves_data ? requests[i] : bytes[i]] = NAN;
    }
}

/* Add one sample to its cell, but not a second one of the same round: nothing
 * tells which of them is right to pair. */
static gboolean add_sample(Reader *reader, JsonObject *object, const char *file,
                           const char *where, GError **error)
{
    const char *id;
    g_autoptr(SgbSample) sample =
        sgb_sample_from_json(object, file, where, reader->latency, &id, error);
    GPtrArray *list;
    SgbCell *cell;

    if (!sample) {
        return FALSE;
    }
    cell = g_hash_table_lookup(reader->by_id, id);
    if (!cell) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: \"%s.cell\" is not one of the run's cells", file,
                    where);
        return FALSE;
    }
    leave_out(sample, cell);
    list = sample->round == 0 ? cell->traced : cell->samples;
    for (unsigned i = 0; i < list->len; i++) {
        const SgbSample *other = g_ptr_array_index(list, i);

        if (other->round == sample->round) {
            return TRUE;
        }
    }
    if (sample->round != 0 &&
        !add_times(reader, cell, object, file, where, error)) {
        return FALSE;
    }
    if (sample->round != 0) {
        sgb_histogram_merge(cell->latency, reader->latency);
        cell->requests += sample->requests;
        cell->failed += sample->failed;
        cell->due += sample->due;
        cell->not_posted += sample->not_posted;
        if (!cell->failure) {
            cell->failure = sample->failure;
        }
    }
    g_ptr_array_add(list, g_steal_pointer(&sample));
    return TRUE;
}

/* @elements: SgbJsonSpan, as they stand in @file. */
static gboolean add_samples(Reader *reader, GArray *elements, const char *file,
                            GError **error)
{
    for (unsigned i = 0; i < elements->len; i++) {
        const SgbJsonSpan *span = &g_array_index(elements, SgbJsonSpan, i);
        g_autofree char *where = g_strdup_printf("samples[%u]", i);
        g_autofree char *what = g_strdup_printf("%s: %s", file, where);
        g_autoptr(JsonObject) object = NULL;

        if (*span->begin != '{') {
            g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                        "%s: \"%s\" is not an object", file, where);
            return FALSE;
        }
        object = sgb_json_parse(span->begin, span->length, what, error);
        if (!object || !add_sample(reader, object, file, where, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* What the traces say: direct I/O, for example, is between QEMU and the kernel,
 * and no HBA tells the initiator. */
static void add_traces(const SgbRun *run, GHashTable *by_id)
{
    JsonArray *all = sgb_json_array(run->json, "reconciliation");
    unsigned n = all ? json_array_get_length(all) : 0;

    for (unsigned i = 0; i < n; i++) {
        JsonObject *r = json_array_get_object_element(all, i);
        SgbCell *cell = g_hash_table_lookup(by_id, sgb_json_string(r, "cell"));
        uint64_t requests = sgb_json_count(r, "trace_requests");

        if (!cell || strcmp(sgb_json_string(r, "result"), "agrees") != 0) {
            continue;
        }
        cell->trace = r;
        if (requests && json_object_has_member(r, "dio_requests")) {
            cell->dio = (double)sgb_json_count(r, "dio_requests") / requests;
        }
    }
}

/* A journal may end anywhere: what is not a whole sample is counted. */
static void add_journal(SgbRun *run, Reader *reader, const char *file,
                        GBytes *journal)
{
    gsize length;
    const char *text = g_bytes_get_data(journal, &length);
    const char *line, *end;

    for (line = text; line < text + length; line = end + 1) {
        g_autoptr(JsonObject) object = NULL;

        end = memchr(line, '\n', text + length - line);
        end = end ? end : text + length;
        if (end == line) {
            continue;
        }
        object = sgb_json_parse(line, end - line, file, NULL);
        if (!object || !add_sample(reader, object, file, "line", NULL)) {
            run->bad_lines++;
        }
    }
}

static int compare_rounds(gconstpointer a, gconstpointer b)
{
    const SgbSample *x = *(SgbSample *const *)a, *y = *(SgbSample *const *)b;

    return x->round < y->round ? -1 : x->round > y->round;
}

static gboolean is_empty(const SgbRun *run)
{
    JsonArray *verification = sgb_json_array(run->json, "verification");
    JsonArray *not_run = sgb_json_array(run->json, "not_run");

    for (unsigned i = 0; i < run->cells->len; i++) {
        const SgbCell *cell = g_ptr_array_index(run->cells, i);

        if (cell->samples->len || cell->traced->len) {
            return FALSE;
        }
    }
    return (!verification || json_array_get_length(verification) == 0) &&
           (!not_run || json_array_get_length(not_run) == 0);
}

/* The rounds in order, and what only all of them tell. */
static void finish_cell(SgbCell *cell)
{
    gboolean native = FALSE;
    uint64_t dio = 0;

    g_ptr_array_sort(cell->samples, compare_rounds);
    g_ptr_array_sort(cell->traced, compare_rounds);
    for (unsigned i = 0; i < cell->samples->len; i++) {
        const SgbSample *s = g_ptr_array_index(cell->samples, i);

        dio += s->dio_requests;
        native |= isnan(s->figures[SGB_FIGURE_FAULTS]); /* no QEMU */
    }
    if (native && cell->requests) {
        cell->dio = (double)dio / cell->requests;
    }
}

/* Parse @text of @file but for the samples, which are *@elements then. */
static JsonObject *parse(const char *text, gsize length, const char *file,
                         GArray **elements, GError **error)
{
    GString *rest = NULL;
    JsonObject *root;

    *elements = sgb_json_elements(text, length, "samples", &rest);
    root = sgb_json_parse(rest ? rest->str : text, rest ? rest->len : length,
                          file, error);
    if (rest) {
        g_string_free(rest, TRUE);
    }
    return root;
}

SgbRun *sgb_run_parse(const char *path, GBytes *text, GBytes *lines,
                      GError **error)
{
    g_autofree char *file = g_build_filename(path, "run.json", NULL);
    g_autofree char *journal = g_build_filename(path, "samples.jsonl", NULL);
    g_autoptr(GHashTable) by_id = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(SgbHistogram) latency = sgb_histogram_new();
    g_autoptr(GArray) elements = NULL;
    g_autoptr(SgbRun) run = g_new0(SgbRun, 1);
    g_autoptr(SgbHistogram) times = sgb_histogram_new();
    Reader reader = {by_id, latency, times};
    const char *outcome;
    JsonObject *job;
    JsonArray *left;

    run->path = g_strdup(path);
    run->json = parse(g_bytes_get_data(text, NULL), g_bytes_get_size(text),
                      file, &elements, error);
    if (!run->json || !check_root(run->json, file, error)) {
        return NULL;
    }
    left = sgb_json_array(run->json, "samples");
    if (left && json_array_get_length(left)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_FORMAT,
                    "%s: \"samples\" is there twice, or damaged", file);
        return NULL;
    }
    run->cells = g_ptr_array_new_with_free_func(cell_free);
    add_cells(run, by_id);
    add_traces(run, by_id);
    if (elements && !add_samples(&reader, elements, file, error)) {
        return NULL;
    }
    outcome = sgb_json_string(sgb_json_object(run->json, "run"), "outcome");
    if (lines && (!outcome || strcmp(outcome, "running") == 0)) {
        /* Only then: run.json takes the journal in and changes the outcome in
         * one go, and what is left of a journal after that is old. */
        add_journal(run, &reader, journal, lines);
    }
    for (unsigned i = 0; i < run->cells->len; i++) {
        finish_cell(g_ptr_array_index(run->cells, i));
    }
    if (is_empty(run)) {
        g_set_error(error, SGB_REPORT_ERROR, SGB_REPORT_ERROR_EMPTY,
                    "%s: nothing was measured in this run", path);
        return NULL;
    }
    job = sgb_json_object(run->json, "job");
    run->rounds = MIN(sgb_json_count(job, "rounds"), G_MAXUINT);
    run->complete = g_strcmp0(outcome, "complete") == 0;
    return g_steal_pointer(&run);
}

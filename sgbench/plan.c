/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "error.h"
#include "keyfile.h"
#include "layout.h"
#include "medium.h"
#include "plan.h"

#define RAW_BLOCK 512     /* QEMU's ide-hd takes no other (hw/ide/ide-dev.c) */
#define SLACK (64 * 1024) /* of data memory, beyond what buffers take */

/* Seconds a start takes beside its cells: as seen, with a margin. */
#define START_SECONDS .4
#define START_SECONDS_LAB 4
#define NATIVE_SECONDS .05

/* Of cells that end with a number of bytes, bytes a second. */
#define GUESSED_RATE 500000000

/* ---- cells ---- */

static void cell_free(gpointer data)
{
    Cell *cell = data;

    g_free(cell->id);
    g_free(cell);
}

static void start_free(gpointer data)
{
    Start *start = data;

    g_ptr_array_unref(start->cells);
    g_free(start);
}

void plan_free(Plan *plan)
{
    if (plan) {
        g_hash_table_unref(plan->by_id);
        g_hash_table_unref(plan->matched);
        g_ptr_array_unref(plan->cells);
        g_free(plan);
    }
}

static const TargetKind *target_kind(const Job *job, const TargetSpec *spec,
                                     GError **error)
{
    const TargetKind *kind = target_find(spec->kind);
    unsigned i;

    if (!kind) {
        g_autoptr(GString) known = g_string_new(NULL);

        for (i = 0; target_kinds[i]; i++) {
            g_string_append_printf(known, "%s%s", i ? ", " : "",
                                   target_kinds[i]->name);
        }
        target_spec_error(job, spec, "kind", error,
                          "unknown kind '%s' of target; allowed: %s",
                          spec->kind, known->str);
    }
    return kind;
}

/* What a path and its HBA carry: SCSI commands, or READs and WRITEs alone. */
static gboolean check_raw(const Job *job, const Matrix *matrix,
                          const Cell *cell, const TargetCaps *caps,
                          GError **error)
{
    const char *path = cell->path->name, *hba = cell->hba->name;
    g_autofree char *fault = NULL;

    if (cell->hba->max_slots && cell->depth > cell->hba->max_slots) {
        fault = g_strdup_printf("depth %u is above what %s takes; allowed: up "
                                "to %u",
                                cell->depth, hba, cell->hba->max_slots);
    } else if (cell->path->raw != cell->hba->raw) {
        fault = cell->hba->raw
                    ? g_strdup_printf("%s carries no SCSI commands, which path "
                                      "%s needs; leave hba out",
                                      hba, path)
                    : g_strdup_printf("path %s needs an HBA of its own; write "
                                      "hba=ahci",
                                      path);
    } else if (!cell->path->raw) {
        return TRUE;
    } else if (target_find(cell->target->kind)->foreign) {
        /* Identity and write protection are asked for by SCSI commands. */
        fault = g_strdup_printf("path %s is not for target '%s', which is not "
                                "sgbench's own; leave it out",
                                path, cell->target->name);
    } else if (caps->no_raw) {
        fault = g_strdup_printf("path %s: target '%s' %s", path,
                                cell->target->name, caps->no_raw);
    } else if (caps->block_size != RAW_BLOCK) {
        fault = g_strdup_printf("path %s is for blocks of %d bytes, those of "
                                "target '%s' have %u; leave it out",
                                path, RAW_BLOCK, cell->target->name,
                                caps->block_size);
    } else if (cell->operation != OPERATION_READ &&
               cell->operation != OPERATION_WRITE &&
               cell->operation != OPERATION_MIXED) {
        fault = g_strdup_printf("path %s carries nothing but READ and WRITE; "
                                "operation %s: leave it out",
                                path, operation_name(cell->operation));
    } else {
        return TRUE;
    }
    return key_file_error(job->file, matrix->line, error, "[matrix %s]: %s",
                          matrix->name, fault);
}

/* Can its target and its path do what @cell asks for? */
static gboolean check_cell(const Job *job, const Matrix *matrix,
                           const Cell *cell, const TargetCaps *caps,
                           GError **error)
{
    uint64_t length = cell_data_length(cell);
    unsigned pieces = layout_pieces(cell->layout, length);
    g_autofree char *size = job_size_text(cell->size);

    if (cell->path->disks_only && caps->medium != &medium_disk) {
        return key_file_error(
            job->file, matrix->line, error,
            "[matrix %s]: path %s is for disks, target '%s' is a %s; leave it "
            "out",
            matrix->name, cell->path->name, cell->target->name,
            caps->medium->name);
    }
    if (!check_raw(job, matrix, cell, caps, error)) {
        return FALSE;
    }
    if (cell->depth > caps->max_depth) {
        return key_file_error(
            job->file, matrix->line, error,
            "[matrix %s]: depth %u is above what target '%s' takes; allowed: "
            "up to %u",
            matrix->name, cell->depth, cell->target->name, caps->max_depth);
    }
    if (cell->size > caps->max_transfer) {
        g_autofree char *limit = job_size_text(caps->max_transfer);

        return key_file_error(
            job->file, matrix->line, error,
            "[matrix %s]: size %s is above what target '%s' takes in one "
            "command; allowed: up to %s",
            matrix->name, size, cell->target->name, limit);
    }
    if (cell->layout == LAYOUT_MANY && pieces <= SG_IO_PIECES) {
        return key_file_error(
            job->file, matrix->line, error,
            "[matrix %s]: size %s has %u pieces in layout many, which is for "
            "more than the %d that SG_IO takes; allowed: from 513K on",
            matrix->name, size, pieces, SG_IO_PIECES);
    }
    if (pieces > cell->hba->max_pieces) {
        return key_file_error(
            job->file, matrix->line, error,
            "[matrix %s]: size %s in layout %s has %u pieces; allowed: up to "
            "%d, what %s carries%s",
            matrix->name, size, layout_name(cell->layout), pieces,
            cell->hba->max_pieces, cell->hba->name,
            pieces <= hba_pvscsi.max_pieces ? "; write hba=pvscsi" : "");
    }
    if (cell->layout == LAYOUT_MMIO && cell->hba->maps_data) {
        return key_file_error(
            job->file, matrix->line, error,
            "[matrix %s]: layout mmio is not for %s, which maps device memory "
            "itself, within 4096 bytes; write hba=pvscsi",
            matrix->name, cell->hba->name);
    }
    if (!cell->path->build &&
        (cell->layout == LAYOUT_MANY || cell->layout == LAYOUT_MMIO)) {
        return key_file_error(
            job->file, matrix->line, error,
            "[matrix %s]: layout %s needs an HBA, path %s has none; leave it "
            "out",
            matrix->name, layout_name(cell->layout), cell->path->name);
    }
    if (!cell->hba->reports_resid && caps->medium == &medium_tape) {
        return key_file_error(
            job->file, matrix->line, error,
            "[matrix %s]: %s does not say how long a tape's block was; leave "
            "hba out",
            matrix->name, cell->hba->name);
    }
    return caps->medium->check(job, matrix, cell, caps, error);
}

/* Is it one of those that are to be run? */
static gboolean is_wanted(Plan *plan, const char *id)
{
    const GPtrArray *only = plan->job->only;
    gboolean wanted = only->len == 0;
    unsigned i;

    for (i = 0; i < only->len; i++) {
        if (g_pattern_match_simple(only->pdata[i], id)) {
            g_hash_table_add(plan->matched, only->pdata[i]);
            wanted = TRUE;
        }
    }
    return wanted;
}

/* Two matrices may overlap; a cell that is there twice would be one id for two
 * things. In one matrix it means that an axis does not apply. */
static gboolean add_cell(Plan *plan, const Cell *model, const TargetCaps *caps,
                         GError **error)
{
    const Matrix *matrix = model->matrix;
    g_autofree char *id = cell_id(model, model->path);
    const Cell *known = g_hash_table_lookup(plan->by_id, id);
    Cell *cell;

    if (known && known->matrix != matrix) {
        return key_file_error(plan->job->file, matrix->line, error,
                              "[matrix %s]: cell %s is in another matrix "
                              "already; each cell may be there once",
                              matrix->name, id);
    }
    if (known) {
        return TRUE;
    }
    if (!check_cell(plan->job, matrix, model, caps, error)) {
        return FALSE;
    }
    if (!is_wanted(plan, id)) {
        return TRUE;
    }
    cell = g_new(Cell, 1);
    *cell = *model;
    cell->id = g_steal_pointer(&id);
    cell->index = plan->cells->len;
    g_ptr_array_add(plan->cells, cell);
    g_hash_table_insert(plan->by_id, cell->id, cell);
    return TRUE;
}

static gboolean add_cells(Plan *plan, const Matrix *matrix,
                          const TargetSpec *spec, const PathKind *path,
                          const TargetCaps *caps, GError **error)
{
    Cell cell = {.target = spec, .path = path};
    unsigned i;

    for (i = 0; i < cell_combinations(matrix); i++) {
        cell_combine(&cell, matrix, i);
        cell.bytes = plan->job->cell_bytes;
        if (caps->medium->writes && !caps->medium->writes(&cell)) {
            cell.fill = FILL_ANY;
        }
        if (!add_cell(plan, &cell, caps, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean expand(Plan *plan, const Matrix *matrix, GError **error)
{
    unsigned i, j;

    for (i = 0; i < matrix->targets->len; i++) {
        const TargetSpec *spec = g_ptr_array_index(matrix->targets, i);
        const TargetKind *kind = target_kind(plan->job, spec, error);
        TargetCaps caps = {};

        if (!kind || !kind->check(plan->job, spec, &caps, error)) {
            return FALSE;
        }
        for (j = 0; j < matrix->paths->len; j++) {
            const PathKind *path = g_ptr_array_index(matrix->paths, j);

            if (!path->build && !kind->native) {
                return key_file_error(plan->job->file, matrix->line, error,
                                      "[matrix %s]: target '%s' has no path "
                                      "%s: nothing but QEMU reaches a target "
                                      "of kind %s; leave it out",
                                      matrix->name, spec->name, path->name,
                                      kind->name);
            }
            if (!add_cells(plan, matrix, spec, path, &caps, error)) {
                return FALSE;
            }
        }
    }
    return TRUE;
}

/* What was meant to choose cells chooses some. */
static gboolean check_only(const Plan *plan, GError **error)
{
    const GPtrArray *only = plan->job->only;
    unsigned i;

    for (i = 0; i < only->len; i++) {
        if (!g_hash_table_contains(plan->matched, only->pdata[i])) {
            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE,
                        "--only %s: no cell of %s matches; ids are "
                        "TARGET/PATH/CELL, as --dry-run prints them, and take "
                        "* and ?",
                        (const char *)only->pdata[i], plan->job->file);
            return FALSE;
        }
    }
    return TRUE;
}

Plan *plan_new(const Job *job, GError **error)
{
    g_autoptr(Plan) plan = g_new0(Plan, 1);
    unsigned i;

    plan->job = job;
    plan->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    plan->matched = g_hash_table_new(NULL, NULL);
    plan->cells = g_ptr_array_new_with_free_func(cell_free);
    for (i = 0; i < job->matrices->len; i++) {
        if (!expand(plan, g_ptr_array_index(job->matrices, i), error)) {
            return NULL;
        }
    }
    if (!check_only(plan, error)) {
        return NULL;
    }
    return g_steal_pointer(&plan);
}

gboolean plan_has_target(const Plan *plan, const TargetSpec *spec)
{
    unsigned i;

    for (i = 0; i < plan->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(plan->cells, i);

        if (cell->target == spec) {
            return TRUE;
        }
    }
    return FALSE;
}

gboolean plan_check_target(const Plan *plan, const TargetSpec *spec,
                           const TargetCaps *caps, GError **error)
{
    for (unsigned i = 0; i < plan->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(plan->cells, i);

        if (cell->target == spec &&
            !check_cell(plan->job, cell->matrix, cell, caps, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- order ---- */

/* What of a round is to be shuffled; each has numbers of its own. */
typedef enum Shuffled {
    SHUFFLED_TARGETS,
    SHUFFLED_PATHS,
    SHUFFLED_CELLS,
} Shuffled;

/* A generator that @round of the job, for @what of the target called @name,
 * always gets. GRand's numbers don't change between GLib's versions
 * (g_rand_set_seed's documentation: since 2.2). */
static GRand *seeded(const Job *job, unsigned round, Shuffled what,
                     const char *name)
{
    g_autoptr(GArray) seeds = g_array_new(FALSE, FALSE, sizeof(guint32));
    guint32 words[] = {job->seed, round, what};

    g_array_append_vals(seeds, words, G_N_ELEMENTS(words));
    for (; *name; name++) {
        guint32 letter = (guchar)*name;
        g_array_append_val(seeds, letter);
    }
    return g_rand_new_with_seed_array((guint32 *)seeds->data, seeds->len);
}

/* Fisher-Yates. */
static void shuffle(GPtrArray *array, GRand *random)
{
    unsigned i;

    for (i = array->len; i > 1; i--) {
        unsigned other = g_rand_int_range(random, 0, i);
        gpointer item = array->pdata[i - 1];

        array->pdata[i - 1] = array->pdata[other];
        array->pdata[other] = item;
    }
}

/*
 * The cells of @spec in the order of @round, each once whatever path it is for:
 * starts take from it what they have. So paired cells have the same past even
 * if one path has more cells than another.
 */
static GPtrArray *target_order(const Plan *plan, unsigned round,
                               const TargetSpec *spec)
{
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GRand) random =
        seeded(plan->job, round, SHUFFLED_CELLS, spec->name);
    GPtrArray *order = g_ptr_array_new();
    unsigned i;

    for (i = 0; i < plan->cells->len; i++) {
        Cell *cell = g_ptr_array_index(plan->cells, i);

        if (cell->target == spec &&
            g_hash_table_add(seen, cell_id(cell, &path_kinds[0]))) {
            g_ptr_array_add(order, cell);
        }
    }
    shuffle(order, random);
    return order;
}

/* The start of @path with @hba, or NULL if none of @order is for it. */
static Start *start_new(const Plan *plan, const TargetSpec *spec,
                        const PathKind *path, const HbaKind *hba,
                        const GPtrArray *order)
{
    Start *start = g_new0(Start, 1);
    unsigned i;

    start->target = spec;
    start->path = path;
    start->hba = hba;
    start->cells = g_ptr_array_new();
    for (i = 0; i < order->len; i++) {
        g_autofree char *id = cell_id(order->pdata[i], path);
        Cell *cell = g_hash_table_lookup(plan->by_id, id);

        if (cell && cell->hba == hba && !cell->left_out) {
            g_ptr_array_add(start->cells, cell);
        }
    }
    if (start->cells->len == 0) {
        start_free(start);
        return NULL;
    }
    return start;
}

static GPtrArray *target_starts(const Plan *plan, unsigned round,
                                const TargetSpec *spec)
{
    GPtrArray *starts = g_ptr_array_new();
    g_autoptr(GPtrArray) order = target_order(plan, round, spec);
    g_autoptr(GRand) random =
        seeded(plan->job, round, SHUFFLED_PATHS, spec->name);
    const PathKind *path;

    for (path = path_kinds; path->name; path++) {
        for (unsigned i = 0; hba_kinds[i]; i++) {
            Start *start = start_new(plan, spec, path, hba_kinds[i], order);

            if (start) {
                g_ptr_array_add(starts, start);
            }
        }
    }
    shuffle(starts, random);
    return starts;
}

GPtrArray *plan_round(const Plan *plan, unsigned round)
{
    GPtrArray *starts = g_ptr_array_new_with_free_func(start_free);
    g_autoptr(GPtrArray) targets = g_ptr_array_new();
    g_autoptr(GRand) random = seeded(plan->job, round, SHUFFLED_TARGETS, "");
    unsigned i;

    for (i = 0; i < plan->job->targets->len; i++) {
        g_ptr_array_add(targets, g_ptr_array_index(plan->job->targets, i));
    }
    shuffle(targets, random);
    for (i = 0; i < targets->len; i++) {
        g_ptr_array_extend_and_steal(
            starts, target_starts(plan, round, targets->pdata[i]));
    }
    return starts;
}

/* ---- what it takes ---- */

InitiatorNeeds plan_needs(const Start *start)
{
    InitiatorNeeds needs = {.hba = start->hba};
    unsigned i;

    for (i = 0; i < start->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(start->cells, i);
        /* Verification reads through one plain piece on the native path. */
        uint64_t span = MAX(layout_span(cell->layout, cell->size),
                            layout_span(LAYOUT_CONTIGUOUS, cell->size));

        needs.arena_size = MAX(needs.arena_size, cell->depth * span);
        needs.device_memory =
            MAX(needs.device_memory,
                cell->depth * layout_device_span(cell->layout, cell->size));
    }
    needs.arena_size += SLACK;
    return needs;
}

/* A round of one cell. */
static double cell_seconds(const Job *job, const Cell *cell)
{
    double limit = job_cell_limit(job);
    double bytes = cell->bytes / (double)(cell->rate ?: GUESSED_RATE);

    return !cell->bytes ? limit : limit ? MIN(limit, bytes) : bytes;
}

static double start_seconds(const Job *job, const Start *start)
{
    double sum = 0;

    for (unsigned i = 0; i < start->cells->len; i++) {
        sum += cell_seconds(job, g_ptr_array_index(start->cells, i)) +
               job->warmup_seconds;
    }
    return sum;
}

double plan_seconds(const Plan *plan, gboolean in_lab)
{
    g_autoptr(GPtrArray) starts = plan_round(plan, 1);
    const Job *job = plan->job;
    double per_qemu = in_lab ? START_SECONDS_LAB : START_SECONDS;
    double round = 0, traced = 0;
    unsigned i;

    for (i = 0; i < starts->len; i++) {
        const Start *start = g_ptr_array_index(starts, i);
        double cells = start_seconds(job, start);

        round += cells + (start->path->build ? per_qemu : NATIVE_SECONDS);
        /* A millisecond for each traced request, warm-up as ever, and reading
         * the trace. */
        if (start->path->build) {
            traced += per_qemu + .5 +
                      start->cells->len *
                          (job->warmup_seconds + job->trace_requests * 1e-3);
        }
    }
    round *= job->rounds;
    if (job->trace == TRACE_ROUND) {
        round += traced;
    }
    if (job->verify) {
        round += starts->len * per_qemu;
    }
    return round;
}

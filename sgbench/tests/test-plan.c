/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "sgbench/error.h"
#include "sgbench/layout.h"
#include "sgbench/plan.h"

#define TWO_TARGETS                                        \
    "[job]\n"                                              \
    "description=what for\n"                               \
    "rounds=3\n"                                           \
    "cell-seconds=2\n"                                     \
    "warmup-seconds=1\n"                                   \
    "%s"                                                   \
    "[target lun]\n"                                       \
    "kind=iscsi\n"                                         \
    "[target nothing]\n"                                   \
    "kind=iscsi\n"                                         \
    "backing=null\n"                                       \
    "[matrix all]\n"                                       \
    "targets=lun;nothing\n"                                \
    "paths=native;generic-bounce;generic-zerocopy;block\n" \
    "operations=read;write\n"                              \
    "sizes=4K;64K;1M\n"                                    \
    "depths=1;4\n"                                         \
    "layouts=contiguous;pages\n"                           \
    "[matrix more]\n"                                      \
    "targets=lun\n"                                        \
    "paths=native;generic-bounce\n"                        \
    "sizes=512\n"                                          \
    "depths=1;2;3;5;6;7\n"
#define CELLS (2 * 4 * 2 * 3 * 2 * 2 + 2 * 6)
#define STARTS (2 * 4)

typedef struct {
    char *file;
    Job *job;
    Plan *plan;
} Fixture;

static Job *load(Fixture *f, const char *text, GError **error)
{
    FILE *stream = fopen(f->file, "w");

    g_assert_nonnull(stream);
    g_assert_cmpint(fputs(text, stream), >=, 0);
    g_assert_cmpint(fclose(stream), ==, 0);
    return job_load(f->file, error);
}

static void set_up(Fixture *f, gconstpointer lines)
{
    g_autofree char *text =
        g_strdup_printf(TWO_TARGETS, lines ? (const char *)lines : "");
    g_autoptr(GError) error = NULL;
    int fd = g_file_open_tmp("sgbench-XXXXXX.conf", &f->file, &error);

    g_assert_no_error(error);
    g_close(fd, NULL);
    f->job = load(f, text, &error);
    g_assert_no_error(error);
    f->plan = plan_new(f->job, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer unused)
{
    plan_free(f->plan);
    job_free(f->job);
    g_unlink(f->file);
    g_free(f->file);
}

static void test_cells(Fixture *f, gconstpointer unused)
{
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    const Cell *cell = f->plan->cells->pdata[0];
    unsigned i;

    g_assert_cmpuint(f->plan->cells->len, ==, CELLS);
    g_assert_cmpstr(cell->id, ==, "lun/native/read/4K/qd1/contiguous");
    g_assert_cmpuint(cell->size, ==, 4096);
    g_assert_cmpint(cell->cdb_size, ==, 10);
    for (i = 0; i < f->plan->cells->len; i++) {
        cell = f->plan->cells->pdata[i];
        g_assert_cmpuint(cell->index, ==, i);
        g_assert_true(g_hash_table_add(ids, cell->id));
    }
}

/* Ids of a round's starts and cells in order, a line each; the caller's. */
static char *order_text(const Plan *plan, unsigned round)
{
    g_autoptr(GPtrArray) starts = plan_round(plan, round);
    GString *text = g_string_new(NULL);
    unsigned i, j;

    for (i = 0; i < starts->len; i++) {
        const Start *start = starts->pdata[i];

        g_string_append_printf(text, "%s %s\n", start->target->name,
                               start->path->name);
        for (j = 0; j < start->cells->len; j++) {
            const Cell *cell = start->cells->pdata[j];
            g_string_append_printf(text, "  %s\n", cell->id);
        }
    }
    return g_string_free(text, FALSE);
}

static void test_complete(Fixture *f, gconstpointer unused)
{
    unsigned round, i, j;

    for (round = 0; round <= 10; round++) {
        g_autoptr(GPtrArray) starts = plan_round(f->plan, round);
        g_autofree unsigned *seen = g_new0(unsigned, CELLS);

        g_assert_cmpuint(starts->len, ==, STARTS);
        for (i = 0; i < starts->len; i++) {
            const Start *start = starts->pdata[i];

            g_assert_cmpuint(start->cells->len, >, 0);
            for (j = 0; j < start->cells->len; j++) {
                const Cell *cell = start->cells->pdata[j];

                g_assert_true(cell->target == start->target);
                g_assert_true(cell->path == start->path);
                seen[cell->index]++;
            }
        }
        for (i = 0; i < CELLS; i++) {
            g_assert_cmpuint(seen[i], ==, 1);
        }
    }
}

/* Another HBA is another start; what has the default one has no new id. */
static void test_hba(Fixture *f, gconstpointer unused)
{
    static const char text[] = "[target lun]\nkind=null\n"
                               "[matrix a]\ntargets=lun\npaths=block\n"
                               "sizes=1M\nlayouts=pages\n"
                               "[matrix b]\ntargets=lun\npaths=block\n"
                               "sizes=1M\nlayouts=pages;many;mmio\n"
                               "depths=3\nhba=pvscsi\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(Job) job = load(f, text, &error);
    g_autoptr(Plan) plan = NULL;
    g_autoptr(GPtrArray) starts = NULL;

    g_assert_no_error(error);
    plan = plan_new(job, &error);
    g_assert_no_error(error);
    g_assert_true(
        g_hash_table_contains(plan->by_id, "lun/block/read/1M/qd1/pages"));
    g_assert_true(g_hash_table_contains(plan->by_id,
                                        "lun/block/read/1M/qd3/mmio/pvscsi"));
    starts = plan_round(plan, 1);
    g_assert_cmpuint(starts->len, ==, 2);
    for (unsigned i = 0; i < 2; i++) {
        const Start *start = starts->pdata[i];
        InitiatorNeeds needs = plan_needs(start);

        g_assert_true(needs.hba == start->hba);
        g_assert_cmpuint(start->cells->len, ==,
                         start->hba == &hba_pvscsi ? 3 : 1);
        g_assert_cmpuint(needs.device_memory, ==,
                         start->hba == &hba_pvscsi
                             ? 3 * layout_device_span(LAYOUT_MMIO, 1 << 20)
                             : 0);
    }
}

static void test_seeded(Fixture *f, gconstpointer unused)
{
    g_autoptr(GHashTable) orders =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    unsigned round;

    for (round = 0; round <= 20; round++) {
        g_autofree char *again = order_text(f->plan, round);
        char *order = order_text(f->plan, round);

        g_assert_cmpstr(order, ==, again);
        g_assert_true(g_hash_table_add(orders, order));
    }
    g_assert_true(job_override(f->job, "seed=0", NULL));
    g_assert_true(g_hash_table_add(orders, order_text(f->plan, 1)));
    g_assert_true(job_override(f->job, "seed=4294967295", NULL));
    g_assert_true(g_hash_table_add(orders, order_text(f->plan, 1)));
}

/* Runs must be repeatable with a later sgbench too. */
static void test_order_stays(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) starts = plan_round(f->plan, 1);
    const Start *start = starts->pdata[0];
    const Cell *cell = start->cells->pdata[0];

    g_assert_cmpstr(cell->id, ==, "lun/block/write/64K/qd4/contiguous");
}

/* What a cell's id says beside target and path. */
static const char *place(const Cell *cell)
{
    return cell->id + strlen(cell->target->name) + strlen(cell->path->name) + 2;
}

/* Cells that two paths of a target share come in the same order, though the
 * second matrix gives some of the paths more. */
static void test_paired(Fixture *f, gconstpointer unused)
{
    unsigned round, i, j, k, l, pairs = 0;

    for (round = 1; round <= 5; round++) {
        g_autoptr(GPtrArray) starts = plan_round(f->plan, round);

        for (i = 0; i < starts->len; i++) {
            const Start *a = starts->pdata[i];

            for (j = 0; j < i; j++) {
                const Start *b = starts->pdata[j];

                if (a->target != b->target) {
                    continue;
                }
                for (k = l = 0; k < a->cells->len; k++) {
                    const Cell *cell = a->cells->pdata[k];
                    unsigned at;

                    for (at = 0; at < b->cells->len; at++) {
                        if (g_str_equal(place(cell),
                                        place(b->cells->pdata[at]))) {
                            g_assert_cmpuint(at + 1, >, l);
                            l = at + 1;
                            pairs++;
                        }
                    }
                }
            }
        }
    }
    g_assert_cmpuint(pairs, >, 5 * 2 * 6 * 24);
}

/* Each path is first about as often as any other. */
static void test_fair(Fixture *f, gconstpointer unused)
{
    unsigned first[4] = {}, i, round;
    static const char *const names[] = {"native", "generic-bounce",
                                        "generic-zerocopy", "block"};

    for (round = 1; round <= 400; round++) {
        g_autoptr(GPtrArray) starts = plan_round(f->plan, round);
        const Start *start = starts->pdata[0];

        for (i = 0; i < G_N_ELEMENTS(names); i++) {
            first[i] += g_str_equal(start->path->name, names[i]);
        }
    }
    /* 100 expected; 5 standard deviations are 43. */
    for (i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_cmpuint(first[i], >, 57);
        g_assert_cmpuint(first[i], <, 143);
    }
}

static void test_arena(Fixture *f, gconstpointer unused)
{
    g_autoptr(GPtrArray) starts = plan_round(f->plan, 1);
    unsigned i;

    for (i = 0; i < starts->len; i++) {
        uint64_t need = 4 * layout_span(LAYOUT_PAGES, 1 << 20);
        uint64_t size = plan_needs(starts->pdata[i]).arena_size;

        g_assert_cmpuint(size, >=, need);
        g_assert_cmpuint(size, <, need + (1 << 20));
    }
}

static void test_seconds(Fixture *f, gconstpointer unused)
{
    double cells = 3 * 3 * CELLS; /* rounds, seconds a cell */
    double host = plan_seconds(f->plan, FALSE);

    g_assert_cmpfloat(host, >, cells);
    g_assert_cmpfloat(host, <, cells * 1.5);
    g_assert_cmpfloat(plan_seconds(f->plan, TRUE), >, host);
}

static void test_text(Fixture *f, gconstpointer unused)
{
    static const char *const says[] = {
        "what for",    "target lun: iscsi",       "stores no data",
        "path block",  "verdicts need 10 rounds", "no noise floor",
        "takes about", "4K/qd1/contiguous",       "204 cells",
        "8 starts"};
    g_autofree char *text = plan_text(f->plan, FALSE);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(says); i++) {
        if (!strstr(text, says[i])) {
            g_error("'%s' is not in the plan:\n%s", says[i], text);
        }
    }
    for (i = 0; lines[i]; i++) {
        g_assert_cmpuint(g_utf8_strlen(lines[i], -1), <=, 80);
    }
}

/* ---- what targets and paths can't do ---- */

typedef struct Wrong {
    const char *text;
    int line;
    const char *says;
} Wrong;

#define LUN "[target t]\nkind=iscsi\n"
#define DISK "[target t]\nkind=lab-disk\n"
#define NOTHING "[target t]\nkind=null\n"
#define ALL "[matrix m]\ntargets=t\npaths=generic-bounce\n"
#define RAW "[matrix m]\ntargets=t\npaths=raw-series\n"

static const Wrong wrongs[] = {
    {"[target t]\nkind=iscsy\n" ALL "sizes=4K\n", 2, "unknown kind 'iscsy'"},
    {LUN "colour=red\n" ALL "sizes=4K\n", 3, "colour"},
    {LUN "backing=paper\n" ALL "sizes=4K\n", 3, "paper"},
    {DISK ALL "sizes=256K\ndepths=1;17\n", 3, "depth 17 is above"},
    {DISK ALL "sizes=256K;16M\n", 3, "size 16M is above"},
    {LUN ALL "sizes=1M;4M\nlayouts=pages\n", 3, "has 1024 pieces"},
    {LUN ALL "sizes=1M\nlayouts=many\n", 3, "write hba=pvscsi"},
    {LUN ALL "sizes=1M;512K\nlayouts=many\nhba=pvscsi\n", 3, "from 513K on"},
    {LUN ALL "sizes=16M\nlayouts=pages\nhba=pvscsi\n", 3, "pvscsi carries"},
    {LUN ALL "sizes=4K\nlayouts=mmio\n", 3, "write hba=pvscsi"},
    {LUN ALL "sizes=4K\nhba=ahci\n", 3, "leave hba out"},
    {LUN RAW "sizes=4K\n", 3, "write hba=ahci"},
    {LUN RAW "sizes=4K\nhba=pvscsi\n", 3, "write hba=ahci"},
    {LUN RAW "sizes=4K\nhba=ahci\ndepths=32;33\n", 3, "up to 32"},
    {LUN RAW "sizes=4K\nhba=ahci\noperations=verify\n", 3,
     "nothing but READ and WRITE"},
    {NOTHING "personality=tape\n" RAW "sizes=4K\nhba=ahci\n", 4,
     "is for disks"},
    {NOTHING "block-size=4096\n" RAW "sizes=4K\nhba=ahci\n", 4,
     "blocks of 512 bytes"},
    {NOTHING "data=filled\n" RAW "sizes=4K\nhba=ahci\n", 4,
     "write data=untouched"},
    {NOTHING "busy-ns=1\n" RAW "sizes=4K\nhba=ahci\n", 4, "has busy-ns"},
    {NOTHING "data=stored\nlatency-ns=1\n" RAW "sizes=4K\nhba=ahci\n", 5,
     "has latency-ns"},
    {NOTHING "fault=busy\n" RAW "sizes=4K\nhba=ahci\n", 4, "has a fault"},
    {LUN "[matrix m]\ntargets=t\npaths=native\nsizes=4K\nlayouts=mmio\n"
         "hba=pvscsi\n",
     3, "path native has none"},
    {NOTHING "personality=tape\n" ALL "sizes=4K\nhba=pvscsi\n", 4,
     "leave hba out"},
    {LUN "size=1M\n" ALL "sizes=2M\n", 4, "above the size of target 't'"},
    {DISK "block_size=4096\n" ALL "sizes=4K;512\n", 4, "4096-byte blocks"},
    {LUN ALL "sizes=8M;512\n[target u]\nkind=null\nblock-size=4096\n"
             "[matrix n]\ntargets=u\npaths=block\nsizes=4K;512\n",
     10, "4096-byte blocks of target 'u'"},
    {NOTHING "personality=tape\nblock-size=512\n" ALL "sizes=4K\n", 4,
     "a tape has no block-size"},
    {NOTHING "personality=printer\n" ALL "sizes=4K\n", 3, "disk, tape"},
    {NOTHING "size=1000000\n" ALL "sizes=4K\n", 3, "from 1M to 1024G"},
    {NOTHING "size=1025K\n" ALL "sizes=4K\n", 3, "multiple of 4K"},
    {NOTHING "size=1M\n" ALL "sizes=2M\n", 4, "above the size of target 't'"},
    {NOTHING "block-size=1024\n" ALL "sizes=4K\n", 3, "512, 4096"},
    {NOTHING "block_size=512\n" ALL "sizes=4K\n", 3, "latency-ns, busy-ns"},
    {NOTHING "data=yes\n" ALL "sizes=4K\n", 3, "untouched, filled, stored"},
    {NOTHING "latency-ns=1000000001\n" ALL "sizes=4K\n", 3,
     "from 0 to 1000000000"},
    {NOTHING "busy-ns=1us\n" ALL "sizes=4K\n", 3, "busy-ns = 1us"},
    {NOTHING "max-iovecs=0\n" ALL "sizes=4K\n", 3, "from 1 to 1024"},
    {NOTHING "max-iovecs=1025\n" ALL "sizes=4K\n", 3, "max-iovecs = 1025"},
    {NOTHING ALL "sizes=4K\ndepths=64\n[matrix n]\ntargets=t\n"
                 "paths=block;native\nsizes=8K\n",
     8, "target 't' has no path native"},
    {LUN ALL "sizes=4K\n[matrix n]\ntargets=t\npaths=generic-bounce\n"
             "sizes=8K;4K\n",
     7, "in another matrix already"},
};

static void test_wrong(Fixture *f, gconstpointer data)
{
    const Wrong *wrong = data;
    g_autofree char *where = g_strdup_printf("%s:%d: ", f->file, wrong->line);
    g_autoptr(GError) error = NULL;
    g_autoptr(Job) job = load(f, wrong->text, &error);

    g_assert_no_error(error);
    g_assert_null(plan_new(job, &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE);
    g_test_message("%s", error->message);
    g_assert_true(g_str_has_prefix(error->message, where));
    g_assert_nonnull(strstr(error->message, wrong->says));
}

static void set_up_wrong(Fixture *f, gconstpointer unused)
{
    set_up(f, NULL);
}

/* ---- what lies in configs/ ---- */

static void test_configs(void)
{
    g_autofree char *folder =
        g_build_filename(g_getenv("G_TEST_SRCDIR"), "configs", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    const char *name;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autoptr(Job) job = NULL;
        g_autoptr(Plan) plan = NULL;
        gboolean in_lab = strstr(name, "lab") != NULL;
        g_autofree char *text = NULL;
        double seconds;

        if (!g_str_has_suffix(name, ".conf")) {
            continue;
        }
        job = job_load(path, &error);
        g_assert_no_error(error);
        plan = plan_new(job, &error);
        if (g_str_has_prefix(name, "real-")) { /* of whoever has one */
            g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE);
            g_assert_nonnull(strstr(error->message, "--device NAME"));
            g_clear_error(&error);
            continue;
        }
        g_assert_no_error(error);
        text = plan_text(plan, in_lab);
        seconds = plan_seconds(plan, in_lab);
        g_test_message("%s: %.0f s", name, seconds);
        if (g_str_has_prefix(name, "demo-")) {
            g_assert_cmpfloat(seconds, <, 100);
        } else if (!g_str_has_prefix(name, "check-") &&
                   strcmp(name, "faults.conf") != 0 && /* times nothing */
                   strcmp(name, "quick.conf") != 0) {
            g_assert_cmpuint(job->rounds, >=, 10);
            g_assert_null(strstr(text, "note:"));
        }
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(Fixture *f, gconstpointer unused);
    } tests[] = {
        {"/plan/cells", test_cells},
        {"/plan/complete", test_complete},
        {"/plan/hba", test_hba},
        {"/plan/seeded", test_seeded},
        {"/plan/order-stays", test_order_stays},
        {"/plan/paired", test_paired},
        {"/plan/fair", test_fair},
        {"/plan/arena", test_arena},
        {"/plan/seconds", test_seconds},
        {"/plan/text", test_text},
    };
    unsigned i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].test,
                   tear_down);
    }
    for (i = 0; i < G_N_ELEMENTS(wrongs); i++) {
        g_autofree char *name = g_strdup_printf("/plan/wrong/%u", i);

        g_test_add(name, Fixture, &wrongs[i], set_up_wrong, test_wrong,
                   tear_down);
    }
    g_test_add_func("/plan/configs", test_configs);
    return g_test_run();
}

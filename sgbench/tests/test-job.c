/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "analysis/trace.h"
#include "reports/run.h"
#include "sgbench/error.h"
#include "sgbench/job.h"
#include "sgbench/path.h"

#define GOOD                        \
    "[job]\n"                       \
    "description=what for\n"        \
    "rounds=3\n"                    \
    "# a comment\n"                 \
    "[target lun]\n"                \
    "kind=iscsi\n"                  \
    "size=16M\n"                    \
    "[matrix all]\n"                \
    "targets=lun\n"                 \
    "paths=native;generic-bounce\n" \
    "sizes=4K;1M\n"
#define TARGET "[target lun]\nkind=iscsi\n"
#define MATRIX "[matrix m]\ntargets=lun\npaths=block\nsizes=4K\n"

static char *file; /* where the tests put what they load */

static Job *load_text(const char *text, gssize length, GError **error)
{
    /* g_file_set_contents() would wait for the disk each time. */
    FILE *stream = fopen(file, "w");
    size_t bytes = length < 0 ? strlen(text) : length;

    g_assert_nonnull(stream);
    g_assert_cmpuint(fwrite(text, 1, bytes, stream), ==, bytes);
    g_assert_cmpint(fclose(stream), ==, 0);
    return job_load(file, error);
}

/* ---- what is right ---- */

static void test_values(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Job) job = load_text(GOOD, -1, &error);
    const TargetSpec *spec;
    const Matrix *matrix;

    g_assert_no_error(error);
    g_assert_cmpstr(job->name, ==, "test-job");
    g_assert_cmpstr(job->text, ==, GOOD);
    g_assert_cmpstr(job->description, ==, "what for");
    g_assert_cmpuint(job->rounds, ==, 3);
    g_assert_cmpuint(job->targets->len, ==, 1);
    spec = job->targets->pdata[0];
    g_assert_cmpstr(spec->name, ==, "lun");
    g_assert_cmpstr(spec->kind, ==, "iscsi");
    g_assert_cmpint(spec->line, ==, 5);
    g_assert_cmpuint(g_hash_table_size(spec->keys), ==, 1);
    g_assert_cmpstr(g_hash_table_lookup(spec->keys, "size"), ==, "16M");
    g_assert_cmpint(GPOINTER_TO_INT(g_hash_table_lookup(spec->lines, "size")),
                    ==, 7);
    g_assert_cmpuint(job->matrices->len, ==, 1);
    matrix = job->matrices->pdata[0];
    g_assert_cmpstr(matrix->name, ==, "all");
    g_assert_cmpint(matrix->line, ==, 8);
    g_assert_true(matrix->targets->pdata[0] == spec);
    g_assert_cmpuint(matrix->paths->len, ==, 2);
    g_assert_true(matrix->paths->pdata[1] == path_find("generic-bounce"));
    g_assert_cmpuint(matrix->sizes->len, ==, 2);
    g_assert_cmpuint(g_array_index(matrix->sizes, uint64_t, 1), ==, 1 << 20);
}

/* As sgbench-job(5) has them. */
static void test_defaults(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Job) job = load_text(MATRIX TARGET, -1, &error);
    const Matrix *matrix;

    g_assert_no_error(error);
    g_assert_null(job->description);
    g_assert_cmpuint(job->rounds, ==, 10);
    g_assert_cmpfloat(job->cell_seconds, ==, 1);
    g_assert_cmpfloat(job->warmup_seconds, ==, .2);
    g_assert_cmpuint(job->seed, ==, 1);
    g_assert_cmpint(job->trace, ==, TRACE_ROUND);
    g_assert_cmpuint(job->trace_requests, ==, 1000);
    g_assert_true(job->verify);
    matrix = job->matrices->pdata[0];
    g_assert_cmpuint(matrix->operations->len, ==, 1);
    g_assert_cmpint(g_array_index(matrix->operations, Operation, 0), ==,
                    OPERATION_READ);
    g_assert_cmpuint(matrix->depths->len, ==, 1);
    g_assert_cmpuint(g_array_index(matrix->depths, unsigned, 0), ==, 1);
    g_assert_cmpuint(matrix->layouts->len, ==, 1);
    g_assert_cmpint(g_array_index(matrix->layouts, Layout, 0), ==,
                    LAYOUT_CONTIGUOUS);
    g_assert_cmpuint(matrix->cdb_sizes->len, ==, 1);
    g_assert_cmpuint(g_array_index(matrix->cdb_sizes, unsigned, 0), ==, 10);
    g_assert_cmpint(g_array_index(matrix->accesses, Access, 0), ==,
                    ACCESS_SEQUENTIAL);
    g_assert_cmpuint(matrix->shift, ==, 0);
}

static void test_spelling(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Job) job = load_text("\r\n [job] \r\n\trounds = 7 \r\n"
                                   "seed=0\r\n"
                                   "trace=on\nverify=false\n"
                                   "warmup-seconds=0\ncell-seconds=.01\n" TARGET
                                   "[matrix m]\ntargets= lun ;\n"
                                   "paths = block ; native\nsizes=512;16M\n"
                                   "operations=write;read\ncdb=16\n"
                                   "depths=1;64\nlayouts=offset;pages",
                                   -1, &error);
    const Matrix *matrix;

    g_assert_no_error(error);
    g_assert_cmpuint(job->rounds, ==, 7);
    g_assert_cmpuint(job->seed, ==, 0);
    g_assert_cmpint(job->trace, ==, TRACE_ON);
    g_assert_false(job->verify);
    g_assert_cmpfloat(job->cell_seconds, ==, .01);
    matrix = job->matrices->pdata[0];
    g_assert_cmpuint(g_array_index(matrix->cdb_sizes, unsigned, 0), ==, 16);
    g_assert_true(matrix->paths->pdata[1] == path_find("native"));
    g_assert_cmpint(g_array_index(matrix->operations, Operation, 0), ==,
                    OPERATION_WRITE);
    g_assert_cmpint(g_array_index(matrix->layouts, Layout, 1), ==,
                    LAYOUT_PAGES);
}

/* ---- what is wrong, where, and what to do ---- */

typedef struct Wrong {
    const char *text;
    int line;
    const char *says;
    const char *also; /* or NULL */
} Wrong;

#define JOB(line) "[job]\n" line "\n" TARGET MATRIX
#define AXES(lines) TARGET "[matrix m]\ntargets=lun\n" lines "\n"

static const Wrong wrongs[] = {
    {"", 1, "[matrix NAME]", NULL},
    {"[job]\n" TARGET, 1, "nothing to measure", NULL},
    {"rounds=3\n", 1, "in no group", "[job]"},
    {TARGET MATRIX "nonsense\n", 7, "'nonsense' is no line", "# comments"},
    {"[job\n" TARGET MATRIX, 1, "no group", "[name]"},
    {"[]\n" TARGET MATRIX, 1, "no group", "[name]"},
    {"[jobs]\n" TARGET MATRIX, 1, "unknown group [jobs]", "[target NAME]"},
    {"[target]\n" TARGET MATRIX, 1, "unknown group [target]", NULL},
    {"[job]\n[job]\n" TARGET MATRIX, 2, "already in line 1", NULL},
    {TARGET TARGET MATRIX, 3, "already in line 1", NULL},
    {TARGET MATRIX MATRIX, 7, "already in line 3", NULL},
    {TARGET "=x\n" MATRIX, 3, "is no key", NULL},
    {TARGET "Size=1M\n" MATRIX, 3, "'Size' is no key", "small letters"},
    {TARGET "size[de]=1M\n" MATRIX, 3, "is no key", NULL},
    {TARGET "size=1M\nsize=1M\n" MATRIX, 4, "already in line 3", NULL},
    {TARGET "size=\\q\n" MATRIX, 3, "size:", NULL},
    {"[job]\ndescription=caf\xe9\n" TARGET MATRIX, 2, "E9h", "UTF-8"},
    {JOB("description=a\\nb"), 2, "not one line", NULL},
    {JOB("rounds=a\\nb"), 2, "rounds is 'a?b'", NULL},
    {JOB("\x1b[2J"), 2, "'?[2J' is no line", NULL},
    {JOB("round=3"), 2, "unknown key 'round'", "did you mean 'rounds'"},
    {JOB("zzzzzzzz=3"), 2, "allowed: description, rounds", NULL},
    {JOB("rounds="), 2, "from 1 to 1000", NULL},
    {JOB("rounds=0"), 2, "from 1 to 1000", NULL},
    {JOB("rounds=1001"), 2, "from 1 to 1000", NULL},
    {JOB("rounds=-1"), 2, "from 1 to 1000", NULL},
    {JOB("rounds=3x"), 2, "from 1 to 1000", NULL},
    {JOB("rounds=99999999999999999999"), 2, "from 1 to 1000", NULL},
    {JOB("cell-seconds=0.009"), 2, "from 0.01 to 3600", NULL},
    {JOB("cell-seconds=3601"), 2, "from 0.01 to 3600", NULL},
    {JOB("cell-seconds=nan"), 2, "from 0.01 to 3600", NULL},
    {JOB("cell-seconds=0x1"), 2, "from 0.01 to 3600", NULL},
    {JOB("cell-seconds=1,5"), 2, "from 0.01 to 3600", NULL},
    {JOB("cell-seconds=1.5.1"), 2, "from 0.01 to 3600", NULL},
    {JOB("cell-seconds=."), 2, "from 0.01 to 3600", NULL},
    {JOB("warmup-seconds=601"), 2, "from 0 to 600", NULL},
    {JOB("seed=4294967296"), 2, "from 0 to 4294967295", NULL},
    {JOB("trace=yes"), 2, "unknown trace 'yes'", "round, on, off"},
    {JOB("trace-kernel=yes"), 2, "unknown trace-kernel 'yes'", "off, auto, on"},
    {JOB("trace-requests=0"), 2, "from 1 to 1000000", NULL},
    {JOB("verify=maybe"), 2, "unknown verify 'maybe'", "false, true"},
    {"[target a b]\nkind=iscsi\n" MATRIX, 1, "'a b' is no name", "letters"},
    {"[target a/b]\nkind=iscsi\n" MATRIX, 1, "'a/b' is no name", NULL},
    {"[target .]\nkind=iscsi\n" MATRIX, 1, "'.' is no name", NULL},
    {TARGET "[matrix \xc3\xa4]\n", 3, "is no name of a matrix", NULL},
    {"[target lun]\nsize=1M\n" MATRIX, 1, "has no kind", "kind=iscsi"},
    {MATRIX, 2, "no target 'lun'", "[target lun]"},
    {TARGET "[matrix m]\ntargets=lan\npaths=block\nsizes=4K\n", 4,
     "unknown target 'lan'", "did you mean 'lun'"},
    {"[target x]\nkind=iscsi\n" TARGET MATRIX, 1, "in no matrix", "targets="},
    {TARGET "[matrix m]\npaths=block\nsizes=4K\n", 3, "has no targets", NULL},
    {AXES("sizes=4K"), 3, "has no paths", "paths="},
    {AXES("paths=block"), 3, "has no sizes", NULL},
    {AXES("sizes=4K\npaths=blok"), 6, "unknown path 'blok'",
     "did you mean 'block'"},
    {AXES("sizes=4K\npaths="), 6, "paths is empty", "a;b"},
    {AXES("sizes=4K\npaths=;"), 6, "empty element", "a;b"},
    {AXES("sizes=4K\npaths=block;;native"), 6, "empty element", NULL},
    {AXES("sizes=4K\npaths=block;native;block"), 6, "'block' twice", NULL},
    {AXES("paths=block\nsizes=4K;4096"), 6, "twice", "'4096'"},
    {AXES("paths=block\nsizes=0"), 6, "size '0'", "512"},
    {AXES("paths=block\nsizes=513"), 6, "multiples of 512", NULL},
    {AXES("paths=block\nsizes=17M"), 6, "to 16M", NULL},
    {AXES("paths=block\nsizes=1.5M"), 6, "units K and M", NULL},
    {AXES("paths=block\nsizes=4k"), 6, "units K and M", NULL},
    {AXES("paths=block\nsizes=18014398509481985K"), 6, "to 16M", NULL},
    {AXES("paths=block\nsizes=4K\ndepths=0"), 7, "from 1 to 64", NULL},
    {AXES("paths=block\nsizes=4K\ndepths=65"), 7, "from 1 to 64", NULL},
    {AXES("paths=block\nsizes=4K\ndepths=4;04"), 7, "'04' is there twice",
     NULL},
    {AXES("paths=block\nsizes=4K\noperations=verfy"), 7,
     "unknown operation 'verfy'", "did you mean 'verify'"},
    {AXES("paths=block\nsizes=4K\nrates=100"), 7, "rate '100'",
     "from 1K to 1024G"},
    {AXES("paths=block\nsizes=4K\nrates=max;1M;1024K"), 7, "twice", "'1024K'"},
    {AXES("paths=block\nsizes=4K\ndata=noise"), 7, "unknown data 'noise'",
     "incompressible"},
    {"[job]\ncell-bytes=1\n" TARGET MATRIX, 2, "cell-bytes is '1'",
     "from 64K to 1024G"},
    {AXES("paths=block\nsizes=4K\naccess=randm"), 7, "unknown access 'randm'",
     "did you mean 'random'"},
    {AXES("paths=block\nsizes=4K\nreads=50"), 7, "reads is for operation mixed",
     "leave it out"},
    {AXES("paths=block\nsizes=4K\noperations=mixed\nreads=0"), 8,
     "from 1 to 99", NULL},
    {AXES("paths=block\nsizes=4K\noperations=mixed\nreads=50;50"), 8,
     "'50' twice", NULL},
    {AXES("paths=block\nsizes=4K\nshift=100"), 7, "shift '100'",
     "from 512 to 16M"},
    {AXES("paths=block\nsizes=4K\nlayouts=page"), 7, "unknown layout 'page'",
     "did you mean 'pages'"},
    {AXES("paths=block\nsizes=4K\nhba=pvcsi"), 7, "unknown hba 'pvcsi'",
     "did you mean 'pvscsi'"},
    {AXES("paths=block\nsizes=4K\ncdb=8"), 7, "unknown cdb '8'",
     "6, 10, 12, 16"},
    {AXES("paths=block\nsizes=4K\nlayout=pages"), 7, "unknown key 'layout'",
     "did you mean 'layouts'"},
};

static void check_located(const GError *error)
{
    const char *rest;

    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE);
    g_assert_true(g_str_has_prefix(error->message, file));
    rest = error->message + strlen(file);
    g_assert_true(*rest == ':' && g_ascii_isdigit(rest[1]));
    rest += 1 + strspn(rest + 1, "0123456789");
    g_assert_true(g_str_has_prefix(rest, ": ") && rest[2]);
    for (; *rest; rest++) {
        g_assert_false(g_ascii_iscntrl(*rest));
    }
    g_assert_cmpuint(strlen(error->message), <, strlen(file) + 4000);
}

static void test_wrong(gconstpointer data)
{
    const Wrong *wrong = data;
    g_autofree char *place = g_strdup_printf("%s:%d: ", file, wrong->line);
    g_autoptr(GError) error = NULL;

    g_assert_null(load_text(wrong->text, -1, &error));
    check_located(error);
    g_test_message("%s", error->message);
    g_assert_true(g_str_has_prefix(error->message, place));
    g_assert_nonnull(strstr(error->message, wrong->says));
    g_assert_true(!wrong->also || strstr(error->message, wrong->also));
    /* Without somewhere to put it. */
    g_assert_null(job_load(file, NULL));
}

static void test_nul(void)
{
    static const char text[] = "[job]\nrounds=3\0\n" TARGET MATRIX;
    g_autoptr(GError) error = NULL;

    g_assert_null(load_text(text, sizeof(text) - 1, &error));
    check_located(error);
    g_assert_nonnull(strstr(error->message, ":2: byte 00h"));
}

static void test_huge(void)
{
    g_autofree char *text = g_strnfill(2 * 1024 * 1024, '\n');
    g_autoptr(GError) error = NULL;

    g_assert_null(load_text(text, -1, &error));
    check_located(error);
    g_assert_nonnull(strstr(error->message, "1 MiB"));
}

static void test_no_file(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(job_load("/nonexistent/x.conf", &error));
    g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE);
    g_assert_nonnull(strstr(error->message, "/nonexistent/x.conf"));
}

static void test_spec_error(void)
{
    g_autoptr(Job) job = load_text(GOOD, -1, NULL);
    const TargetSpec *spec = job->targets->pdata[0];
    static const struct {
        const char *key;
        const char *where;
    } places[] = {{"size", ":7: no 3"}, {"none", ":5: no 3"}, {NULL, ":5: no"}};
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autoptr(GError) error = NULL;

        target_spec_error(job, spec, places[i].key, &error, "no %d", 3);
        check_located(error);
        g_assert_nonnull(strstr(error->message, places[i].where));
    }
}

/* ---- the command line's say ---- */

static void test_override(void)
{
    g_autoptr(Job) job = load_text(GOOD, -1, NULL);
    static const char *const bad[] = {"rounds", "rounds=",    "rounds=0",
                                      "=3",     "kind=x",     "round=3",
                                      "",       "verify=TRUE"};
    g_autoptr(GError) error = NULL;
    unsigned i;

    g_assert_true(job_override(job, "rounds=12", &error));
    g_assert_true(job_override(job, "trace=off", &error));
    g_assert_true(job_override(job, "description=a=b", &error));
    g_assert_no_error(error);
    g_assert_cmpuint(job->rounds, ==, 12);
    g_assert_cmpint(job->trace, ==, TRACE_OFF);
    g_assert_cmpstr(job->description, ==, "a=b");
    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(job_override(job, bad[i], &error));
        g_assert_error(error, SGBENCH_ERROR, SGBENCH_ERROR_USAGE);
        g_assert_true(g_str_has_prefix(error->message, "--set "));
        g_clear_error(&error);
        g_assert_false(job_override(job, bad[i], NULL));
    }
    g_assert_cmpuint(job->rounds, ==, 12);
}

/* ---- sizes ---- */

static void test_sizes(void)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"0", 0},        {"512", 512},
                 {"1K", 1024},    {"1536K", 1572864},
                 {"1M", 1048576}, {"4G", 4294967296},
                 {"1025", 1025},  {"17179869183G", 17179869183ull << 30}};
    static const char *const bad[] = {"",
                                      "K",
                                      "1KB",
                                      "-1",
                                      " 1",
                                      "1 ",
                                      "1k",
                                      "1.5K",
                                      "0x1",
                                      "17179869184G",
                                      "18446744073709551616"};
    uint64_t bytes;
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *text = job_size_text(sizes[i].bytes);

        g_assert_true(job_parse_size(sizes[i].text, &bytes));
        g_assert_cmpuint(bytes, ==, sizes[i].bytes);
        g_assert_cmpstr(text, ==, sizes[i].text);
    }
    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(job_parse_size(bad[i], &bytes));
    }
}

/* ---- what lies in configs/ ---- */

static void test_configs(void)
{
    g_autofree char *folder =
        g_build_filename(g_getenv("G_TEST_SRCDIR"), "configs", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    unsigned n = 0;
    const char *name;

    g_assert_no_error(error);
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_str_has_suffix(name, ".conf")) {
            g_autoptr(Job) job = job_load(path, &error);

            g_assert_no_error(error);
            g_assert_nonnull(job->description);
            n++;
        }
    }
    g_assert_cmpuint(n, >=, 6);
}

/* ---- whatever it is given: a job, or an error with file and line ---- */

static void mutate(GString *text, GRand *random)
{
    static const char *const bits[] = {"[",
                                       "]",
                                       "=",
                                       ";",
                                       "\n",
                                       "\\",
                                       "\\s",
                                       "#",
                                       "[job]\n",
                                       "[matrix x]\n",
                                       "[target y]\nkind=",
                                       "sizes=",
                                       "18446744073709551615K",
                                       "\xff",
                                       "\r",
                                       "-1",
                                       "1e9",
                                       "\t",
                                       "[job]",
                                       "\n\n[",
                                       "depths=1;2;3"};
    unsigned at = g_rand_int_range(random, 0, text->len + 1);
    unsigned span = g_rand_int_range(random, 1, 20);

    span = MIN(span, text->len - at);
    switch (g_rand_int_range(random, 0, 5)) {
    case 0:
        g_string_erase(text, at, span);
        break;
    case 1:
        g_string_insert(text, at,
                        bits[g_rand_int_range(random, 0, G_N_ELEMENTS(bits))]);
        break;
    case 2:
        if (at < text->len) {
            text->str[at] = g_rand_int_range(random, 0, 256);
        }
        break;
    case 3: {
        g_autofree char *copy = g_strndup(text->str + at, span);

        g_string_insert(text, g_rand_int_range(random, 0, text->len + 1), copy);
        break;
    }
    default:
        g_string_insert_c(text, at, g_rand_int_range(random, 1, 128));
    }
}

static void test_mutations(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(20);
    gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC;
    unsigned jobs = 0, i;

    for (i = 0; i < 20000 && g_get_monotonic_time() < end; i++) {
        g_autoptr(GString) text = g_string_new(GOOD);
        g_autoptr(GError) error = NULL;
        g_autoptr(Job) job = NULL;
        unsigned n = g_rand_int_range(random, 1, 6);

        while (n--) {
            mutate(text, random);
        }
        job = load_text(text->str, text->len, &error);
        g_assert_true(!job == !!error);
        if (error) {
            check_located(error);
        } else {
            g_assert_cmpuint(job->matrices->len, >, 0);
            jobs++;
        }
    }
    g_test_message("%u files, %u of them jobs", i, jobs);
    /* Both ways must have been gone. */
    g_assert_cmpuint(jobs, >, 0);
    g_assert_cmpuint(jobs, <, i);
}

/* ---- exit codes ---- */

static void test_exit_codes(void)
{
    static const struct {
        GQuark (*domain)(void);
        int code;
        SgbenchError exit;
    } cases[] = {
        {sgbench_error_quark, SGBENCH_ERROR_QEMU, SGBENCH_ERROR_QEMU},
        {sgb_trace_error_quark, SGB_TRACE_ERROR_OPEN, SGBENCH_ERROR_TRACE},
        {sgb_report_error_quark, SGB_REPORT_ERROR_FORMAT,
         SGBENCH_ERROR_RESULTS},
        {g_file_error_quark, G_FILE_ERROR_NOENT, SGBENCH_ERROR_RESULTS},
        {g_option_error_quark, G_OPTION_ERROR_FAILED, SGBENCH_ERROR_USAGE},
        {g_markup_error_quark, 0, SGBENCH_ERROR_INTERNAL},
    };
    unsigned i, n = 0;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error =
            g_error_new_literal(cases[i].domain(), cases[i].code, "x");

        g_assert_cmpint(sgbench_error_exit_code(error), ==, cases[i].exit);
    }
    for (i = 0; i < 256; i++) {
        n += sgbench_error_summary(i) != NULL;
    }
    g_assert_cmpuint(n, ==, 13);
    g_assert_nonnull(sgbench_error_summary(SGBENCH_INTERRUPTED));
    g_assert_null(sgbench_error_summary(-1));
}

int main(int argc, char **argv)
{
    g_autofree char *folder = g_dir_make_tmp("sgbench-XXXXXX", NULL);
    unsigned i;
    int result;

    g_test_init(&argc, &argv, NULL);
    file = g_build_filename(folder, "test-job.conf", NULL);
    g_test_add_func("/job/values", test_values);
    g_test_add_func("/job/defaults", test_defaults);
    g_test_add_func("/job/spelling", test_spelling);
    for (i = 0; i < G_N_ELEMENTS(wrongs); i++) {
        g_autofree char *name = g_strdup_printf("/job/wrong/%02u", i);
        g_test_add_data_func(name, &wrongs[i], test_wrong);
    }
    g_test_add_func("/job/wrong/nul", test_nul);
    g_test_add_func("/job/wrong/huge", test_huge);
    g_test_add_func("/job/wrong/no-file", test_no_file);
    g_test_add_func("/job/spec-error", test_spec_error);
    g_test_add_func("/job/override", test_override);
    g_test_add_func("/job/sizes", test_sizes);
    g_test_add_func("/job/configs", test_configs);
    g_test_add_func("/error/exit-codes", test_exit_codes);
    g_test_add_func("/job/mutations", test_mutations);
    result = g_test_run();
    g_unlink(file);
    g_rmdir(folder);
    g_free(file);
    return result;
}

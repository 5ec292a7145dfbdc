/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "failure.h"

#define WANTED 7 /* seed of the step that the failure is of */

static GPtrArray *make_steps(unsigned n, unsigned n_commands)
{
    GPtrArray *steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)step_free);

    for (unsigned i = 0; i < n; i++) {
        FuzzStep *step = step_new(i);

        for (unsigned j = 0; j < n_commands; j++) {
            Piece piece = {0x1000000, 512};
            FuzzCommand *c = step_add(step);

            command_read_write(&c->command, DATA_IN, 10, j, 1);
            c->aborted = TRUE;
            g_array_append_val(c->pieces, piece);
            g_array_append_val(c->pieces, piece);
            command_update(c);
        }
        step->reset = HBA_RESET_BUS;
        g_ptr_array_add(steps, step);
    }
    return steps;
}

static const FuzzStep *wanted_step(const GPtrArray *steps)
{
    for (unsigned i = 0; i < steps->len; i++) {
        const FuzzStep *step = steps->pdata[i];

        if (step->seed == WANTED) {
            return step;
        }
    }
    return NULL;
}

/* It hangs as long as there is some other step before; alone it is another
 * failure. */
static char *hangs(const GPtrArray *steps, void *opaque, GError **error)
{
    if (!wanted_step(steps)) {
        return NULL;
    }
    return g_strdup(((const FuzzStep *)steps->pdata[0])->seed == WANTED
                        ? "WRONG BYTE inside a list: 00h at 10, expected 01h"
                        : "QEMU (fuzz on x): no answer to 1 command for 6 s");
}

static void test_same_kind(void)
{
    g_autoptr(GPtrArray) steps = make_steps(20, 1);
    g_autoptr(Failure) failure =
        failure_new(&fuzz_paths[0], steps,
                    "QEMU (fuzz on x): no answer to 1 command for 9 s",
                    "seed 1, session 2, 20 steps");
    g_autoptr(Failure) loaded = NULL;
    g_autofree char *file = NULL;
    GError *error = NULL;

    g_assert_true(failure_shrink(hangs, NULL, failure, 60, &error));
    g_assert_cmpuint(failure->steps->len, ==, 2);
    g_assert_nonnull(wanted_step(failure->steps));
    g_assert_cmpstr(failure->message, ==,
                    "QEMU (fuzz on x): no answer to 1 command for 6 s");

    file = g_build_filename(g_get_tmp_dir(), "sgbench-test-failure", NULL);
    g_assert_true(failure_save(failure, file, &error));
    loaded = failure_load(file, &error);
    g_assert_no_error(error);
    g_unlink(file);
    g_assert_cmpuint(loaded->steps->len, ==, 2);
    g_assert_cmpstr(loaded->message, ==, failure->message);
    g_assert_cmpstr(loaded->first, ==,
                    "QEMU (fuzz on x): no answer to 1 command for 9 s");
    g_assert_cmpstr(loaded->origin, ==, "seed 1, session 2, 20 steps");
}

/* All eight commands, of which one is aborted and one has both pieces. */
static char *needs_one_abort(const GPtrArray *steps, void *opaque,
                             GError **error)
{
    const FuzzStep *step = wanted_step(steps);
    const FuzzCommand *c;

    if (!step || step->commands->len < 8) {
        return NULL;
    }
    c = step->commands->pdata[5];
    return c->aborted && c->pieces->len == 2 ? g_strdup("LEAK: 1") : NULL;
}

static void test_actions(void)
{
    g_autoptr(GPtrArray) steps = make_steps(WANTED + 1, 8);
    g_autoptr(Failure) failure =
        failure_new(&fuzz_paths[0], steps, "LEAK: 1", NULL);
    const FuzzStep *step;
    GError *error = NULL;

    g_assert_true(failure_shrink(needs_one_abort, NULL, failure, 60, &error));
    g_assert_cmpuint(failure->steps->len, ==, 1);
    step = failure->steps->pdata[0];
    g_assert_cmpint(step->reset, ==, HBA_RESET__COUNT);
    g_assert_cmpuint(step->commands->len, ==, 8);
    for (unsigned i = 0; i < 8; i++) {
        const FuzzCommand *c = step->commands->pdata[i];

        g_assert_cmpint(c->aborted, ==, i == 5);
        g_assert_cmpuint(c->pieces->len, ==, i == 5 ? 2 : 0);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/failure/same-kind", test_same_kind);
    g_test_add_func("/failure/actions", test_actions);
    return g_test_run();
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>

#include "tape-fixture.h"
#include "target-fixture.h"

Job *tape_job(const char *target, const char *matrix)
{
    g_autofree char *text = g_strdup_printf("[target t]\nkind=null\n%s"
                                            "[matrix m]\ntargets=t\n%s",
                                            target, matrix);

    return fixture_job(ring_context.temp_dir, "tape.conf", text);
}

static const char *rules; /* more of null-sg's options */

static char *blockdev_with_rules(Target *target, const char *device)
{
    const TargetKind *null = target_find("null");
    g_autofree char *plain = null->blockdev(target, device);

    return g_strconcat(plain, rules, NULL);
}

void tape_set_up(TapeFixture *f, const char *target, const char *matrix,
                 const char *more)
{
    g_autofree char *keys = g_strconcat(TAPE, target, NULL);
    g_autofree char *axes = g_strconcat(ZC, matrix, NULL);
    g_autoptr(GError) error = NULL;
    const Start *start;
    InitiatorNeeds needs;

    f->job = tape_job(keys, axes);
    f->plan = plan_new(f->job, &error);
    g_assert_no_error(error);
    f->starts = plan_round(f->plan, 0);
    g_assert_cmpuint(f->starts->len, ==, 1);
    f->target = target_start(&ring_context, f->job,
                             g_ptr_array_index(f->job->targets, 0), &error);
    g_assert_no_error(error);
    rules = more;
    f->kind = *f->target->kind;
    f->kind.blockdev = blockdev_with_rules;
    f->target->kind = &f->kind;

    start = g_ptr_array_index(f->starts, 0);
    needs = plan_needs(start);
    f->ring = initiator_ring.open(&ring_context, f->target, start->path, &needs,
                                  &error);
    g_assert_no_error(error);
    g_assert_true(target_identify(f->target, f->ring, &error));
    g_assert_no_error(error);
    g_assert_true(target_bring_up(f->target, f->ring, &error));
    g_assert_no_error(error);
}

void tape_tear_down(TapeFixture *f)
{
    initiator_close(f->ring);
    target_stop(f->target);
    g_ptr_array_unref(f->starts);
    plan_free(f->plan);
    job_free(f->job);
}

void tape_assert_counts(const Sample *sample, unsigned requests, unsigned marks,
                        unsigned controls, unsigned failed)
{
    g_test_message("first failure: %s",
                   sample->first_failure ? sample->first_failure : "none");
    g_assert_cmpuint(sample->requests, ==, requests);
    g_assert_cmpuint(sample->marks, ==, marks);
    g_assert_cmpuint(sample->controls, ==, controls);
    g_assert_cmpuint(sample->failed, ==, failed);
}

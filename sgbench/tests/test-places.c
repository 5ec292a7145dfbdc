/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where SPACE and LOCATE lead to, held against a tape of objects that is moved
 * as SSC-3 says: a stand-in, for the arithmetic alone. test-tape.c does it with
 * null-sg's.
 */
#include <glib.h>
#include <scsi/sg_unaligned.h>

#include "sgbench/tape-command.h"
#include "sgbench/tape-places.h"

#define MOVES 2000

/* Objects of @places: TRUE is a filemark. */
static gboolean is_mark(const TapePlaces *places, unsigned object)
{
    return object % (places->per_file + 1) == places->per_file;
}

/* Over blocks: any filemark would end it. */
static unsigned space_blocks(const TapePlaces *places, unsigned at,
                             int32_t count)
{
    for (; count > 0; count--, at++) {
        g_assert_false(is_mark(places, at));
    }
    for (; count < 0; count++, at--) {
        g_assert_cmpuint(at, >, 0);
        g_assert_false(is_mark(places, at - 1));
    }
    return at;
}

static unsigned space_marks(const TapePlaces *places, unsigned at,
                            int32_t count)
{
    unsigned end = places->files * (places->per_file + 1);

    while (count > 0) {
        g_assert_cmpuint(at, <, end);
        count -= is_mark(places, at++);
    }
    while (count < 0) {
        g_assert_cmpuint(at, >, 0);
        count += is_mark(places, --at);
    }
    return at;
}

/* How often each kind of command was drawn. */
typedef struct Drawn {
    unsigned locate, blocks, blocks_back, marks, marks_back, rewind;
} Drawn;

/* Where @command, for the tape at @at, leads. */
static unsigned carry_out(const TapePlaces *places, const Command *command,
                          unsigned at, Drawn *drawn)
{
    int32_t count = sg_get_unaligned_be24(command->cdb + 2);

    g_assert_cmpint(command->direction, ==, DATA_NONE);
    g_assert_cmpuint(command->length, ==, 0);
    if (command->cdb[0] == 0x2b) {
        drawn->locate++;
        return sg_get_unaligned_be32(command->cdb + 3);
    }
    g_assert_cmphex(command->cdb[0], ==, 0x11);
    count = count >= 1 << 23 ? count - (1 << 24) : count;
    g_assert_cmpint(count, !=, 0);
    if (command->cdb[1] == TAPE_SPACE_BLOCKS) {
        *(count < 0 ? &drawn->blocks_back : &drawn->blocks) += 1;
        return space_blocks(places, at, count);
    }
    g_assert_cmphex(command->cdb[1], ==, TAPE_SPACE_FILEMARKS);
    *(count < 0 ? &drawn->marks_back : &drawn->marks) += 1;
    return space_marks(places, at, count);
}

static Drawn walk(Operation operation, unsigned files, unsigned per_file,
                  unsigned abilities)
{
    const Target target = {.caps.tape = abilities};
    const Cell cell = {.operation = operation, .size = 512};
    const TapePlaces places = {
        .target = &target,
        .cell = &cell,
        .files = files,
        .per_file = per_file,
    };
    g_autoptr(GRand) lots = g_rand_new_with_seed(1);
    TapePlace at = {0, 0}, to;
    Drawn drawn = {0};
    unsigned i;

    for (i = 0; i < MOVES; i++) {
        Command command = {0};

        if (!tape_places_draw(&places, lots, at, &to, &command)) {
            drawn.rewind++;
            at = (TapePlace){0, 0};
            continue;
        }
        g_assert_cmpuint(to.file, <, files);
        g_assert_cmpuint(to.block, <=, per_file);
        g_assert_cmpuint(tape_places_object(&places, to), ==,
                         carry_out(&places, &command,
                                   tape_places_object(&places, at), &drawn));
        at = to;
    }
    return drawn;
}

static void test_space(void)
{
    Drawn both = walk(OPERATION_SPACE, 5, 7, TAPE_SPACES_BACK);
    Drawn forwards = walk(OPERATION_SPACE, 5, 7, 0);
    Drawn one = walk(OPERATION_SPACE, 1, 9, 0);
    Drawn short_files = walk(OPERATION_SPACE, 9, 1, TAPE_SPACES_BACK);

    g_assert_cmpuint(both.blocks, >, MOVES / 10);
    g_assert_cmpuint(both.blocks_back, >, MOVES / 10);
    g_assert_cmpuint(both.marks, >, MOVES / 10);
    g_assert_cmpuint(both.marks_back, >, MOVES / 10);
    g_assert_cmpuint(both.rewind, ==, 0);
    g_assert_cmpuint(both.locate, ==, 0);

    g_assert_cmpuint(forwards.marks, >, MOVES / 10);
    g_assert_cmpuint(forwards.blocks_back, >, MOVES / 10);
    g_assert_cmpuint(forwards.marks_back, ==, 0);
    g_assert_cmpuint(forwards.rewind, >, 0);

    g_assert_cmpuint(one.blocks + one.blocks_back, ==, MOVES);
    g_assert_cmpuint(short_files.marks + short_files.marks_back +
                         short_files.blocks + short_files.blocks_back,
                     ==, MOVES);
}

static void test_locate(void)
{
    Drawn many = walk(OPERATION_LOCATE, 5, 7, TAPE_SPACES_BACK);
    Drawn few = walk(OPERATION_LOCATE, 1, 1, 0);

    g_assert_cmpuint(many.locate, ==, MOVES);
    g_assert_cmpuint(few.locate, ==, MOVES);
}

static void test_text(void)
{
    static const struct {
        TapeSpace what;
        int32_t count;
        const char *text;
    } cases[] = {
        {TAPE_SPACE_BLOCKS, 12, "SPACE (6) 12 blocks"},
        {TAPE_SPACE_BLOCKS, -1, "SPACE (6) -1 blocks"},
        {TAPE_SPACE_FILEMARKS, -3, "SPACE (6) -3 filemarks"},
    };
    g_autofree char *locate = NULL, *back = NULL;
    Command command = {0};

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = NULL;

        tape_space(&command, cases[i].what, cases[i].count);
        text = tape_places_text(&command);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
    tape_locate_10(&command, 70000);
    locate = tape_places_text(&command);
    g_assert_cmpstr(locate, ==, "LOCATE (10) 70000");
    tape_rewind(&command);
    back = tape_places_text(&command);
    g_assert_cmpstr(back, ==, "REWIND");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/places/space", test_space);
    g_test_add_func("/places/locate", test_locate);
    g_test_add_func("/places/text", test_text);
    return g_test_run();
}

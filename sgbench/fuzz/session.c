/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "expect.h"
#include "random.h"
#include "session.h"
#include "sgbench/error.h"
#include "sgbench/load-list.h"
#include "sgbench/target.h"
#include "transfer.h"

#define DEVICE_MEMORY (1 << 20)

#define GENERIC(build_, properties_)                               \
    {                                                              \
        .name = "fuzz", .build = build_, .device = "scsi-generic", \
        .properties = properties_                                  \
    }
/* The error policy would stop the VM, which looks like a hang: CHECK CONDITION
 * without sense data has that of an earlier request (scsi-disk.c,
 * scsi_handle_rw_error()). */
#define BLOCK(build_, properties_)                               \
    {                                                            \
        .name = "fuzz", .build = build_, .device = "scsi-block", \
        .properties = "werror=report,rerror=report" properties_  \
    }
#define RAW(build_)                                          \
    {                                                        \
        .name = "fuzz", .build = build_, .device = "ide-hd", \
        .properties = "werror=report,rerror=report"          \
    }

/*
 * What has reached the mapping code: zero-copy maps a list after
 * scsi_sgio_map; dma-helpers begin with dma_blk_io; where all is bounced, the
 * list is walked for a request that is sent, or that has data.
 */
const FuzzPath fuzz_paths[] = {
    {"generic-zerocopy", GENERIC("series", "zero-copy=on"), &hba_pvscsi,
     "qemu:scsi_sgio_map", TRUE},
    {"block-zerocopy", BLOCK("series", ",zero-copy=on"), &hba_pvscsi,
     "qemu:dma_blk_io", TRUE},
    {"block-series", BLOCK("series", ""), &hba_pvscsi, "qemu:dma_blk_io", TRUE},
    {"generic-off", GENERIC("series", "zero-copy=off"), &hba_pvscsi,
     "qemu:scsi_sgio_path", TRUE},
    {"generic-baseline", GENERIC("baseline", NULL), &hba_pvscsi,
     "qemu:scsi_sgio_path", TRUE},
    {"block-baseline", BLOCK("baseline", ""), &hba_pvscsi, "qemu:dma_blk_io",
     TRUE},
    {"virtio-zerocopy", GENERIC("series", "zero-copy=on"), &hba_virtio_scsi,
     "qemu:scsi_sgio_map", TRUE},
    {"virtio-block-series", BLOCK("series", ",zero-copy=on"), &hba_virtio_scsi,
     "qemu:dma_blk_io", TRUE},
    {"raw-series", RAW("series"), &hba_ahci, "qemu:dma_blk_io", TRUE},
    {"raw-baseline", RAW("baseline"), &hba_ahci, "qemu:dma_blk_io", TRUE},
    {"generic-upstream", GENERIC("upstream", NULL), &hba_pvscsi,
     "qemu:scsi_generic_*_data", FALSE},
    {"block-upstream", BLOCK("upstream", ""), &hba_pvscsi, "qemu:dma_blk_io",
     FALSE},
    {"raw-upstream", RAW("upstream"), &hba_ahci, "qemu:dma_blk_io", FALSE},
    {},
};

const FuzzPath *fuzz_path_find(const char *name)
{
    for (const FuzzPath *path = fuzz_paths; path->name; path++) {
        if (strcmp(path->name, name) == 0) {
            return path;
        }
    }
    return NULL;
}

static char *blockdev(Target *target, const char *device)
{
    return target->device ? fuzz_raw_blockdev(target->device) : fuzz_blockdev();
}

/* The file of a path that is raw; the caller's. NULL with an error. */
static char *make_file(RunContext *context, GError **error)
{
    g_autofree char *file =
        g_build_filename(context->temp_dir, "fuzz.disk", NULL);
    int fd = g_open(file, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || ftruncate(fd, fuzz_blocks() * FUZZ_BLOCK) < 0) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "can't make %s: %s", file, g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    close(fd);
    return g_steal_pointer(&file);
}

/* Areas are there before any command is: some blocks can't be written. QEMU has
 * the file open already, and sees this. */
static gboolean fill_file(FuzzSession *session, unsigned area, GError **error)
{
    int fd = g_open(session->file, O_WRONLY | O_CLOEXEC, 0);
    uint64_t length;
    const uint8_t *data = model_disk(session->model, area, &length);
    gboolean ok =
        fd >= 0 &&
        pwrite(fd, data, length, (off_t)area * FUZZ_AREA_BLOCKS * FUZZ_BLOCK) ==
            (ssize_t)length;

    if (!ok) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_PREFLIGHT,
                    "can't write %s: %s", session->file, g_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return ok;
}

/* Commands without a list, until nothing is left to be told of a reset. */
static gboolean settle(FuzzSession *session, GError **error)
{
    Completion completion;
    Command command;

    for (unsigned i = 0; i < 3; i++) {
        command_test_unit_ready(&command);
        if (!initiator_send(session->ring, &command, &completion, error)) {
            return FALSE;
        }
        if (completion.response == 0 && completion.status == 0) {
            return TRUE;
        }
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                "the device does not get ready");
    return FALSE;
}

/* Write @length bytes of @area in one plain piece. */
static gboolean write_area(FuzzSession *session, unsigned area, GError **error)
{
    uint64_t start = session->ring->arena.start, length, at;
    const uint8_t *data = model_disk(session->model, area, &length);

    for (at = 0; at < length; at += FUZZ_AREA_BYTES) {
        Piece piece = {start, FUZZ_AREA_BYTES};
        Completion completion;
        Command command;

        memcpy(session->ring->arena.base + start, data + at, piece.length);
        memcpy(session->model->ram.is + start, data + at, piece.length);
        /* (16): no rule is for it. */
        command_read_write(&command, DATA_OUT, 16,
                           area * (uint64_t)FUZZ_AREA_BLOCKS + at / FUZZ_BLOCK,
                           FUZZ_AREA_BYTES / FUZZ_BLOCK);
        command.length = piece.length;
        command.pieces = &piece;
        command.n_pieces = 1;
        session->own++;
        if (!initiator_send(session->ring, &command, &completion, error)) {
            return FALSE;
        }
        if (!completion_good(&completion)) {
            g_autofree char *text = completion_text(&completion);

            g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                        "the disk can't be filled: %s", text);
            return FALSE;
        }
    }
    return TRUE;
}

/* Write all areas, or those that are not known any more: what came from
 * elsewhere, or from a command that failed. */
static gboolean write_areas(FuzzSession *session, gboolean all, GError **error)
{
    for (unsigned i = 0; i <= fuzz_n_answers; i++) {
        if (!all && !model_is_lost(session->model, i)) {
            continue;
        }
        if (!(session->file ? fill_file : write_area)(session, i, error)) {
            return FALSE;
        }
        model_written(session->model, i);
    }
    return TRUE;
}

FuzzSession *session_new(RunContext *context, const FuzzPath *path,
                         GError **error)
{
    static const TargetKind kind = {.name = "fuzz", .blockdev = blockdev};
    static const char *const devices[] = {"VGA", NULL};
    Target target = {.kind = &kind, .name = (char *)path->name};
    FuzzSession *session = g_new0(FuzzSession, 1);
    InitiatorNeeds needs = {
        .arena_size = RANDOM_ARENA,
        .device_memory = DEVICE_MEMORY,
        .hba = path->hba,
        .devices = devices,
    };

    session->context = context;
    session->path = path;
    if (path->hba->raw) {
        session->file = target.device = make_file(context, error);
        if (!session->file) {
            session_free(session);
            return NULL;
        }
    }
    session->ring =
        initiator_ring.open(context, &target, &path->kind, &needs, error);
    if (!session->ring) {
        session_free(session);
        return NULL;
    }
    session->ring->eager = TRUE;
    session->model = model_new(session->ring,
                               strcmp(path->kind.device, "scsi-generic") == 0);
    if (!settle(session, error) || !write_areas(session, TRUE, error)) {
        session_free(session);
        return NULL;
    }
    session->own = 0; /* it is not traced yet */
    return session;
}

/* ---- a step ---- */

/* All commands of a step at once, and what is done to them. */
typedef struct StepLoad {
    Load load; /* first */
    FuzzSession *session;
    const FuzzStep *step;
    unsigned sent;
    gboolean acted;
    gboolean back[STEP_COMMANDS_MAX];
    Completion completions[STEP_COMMANDS_MAX];
} StepLoad;

static Command *step_next(Load *load, unsigned slot)
{
    StepLoad *s = (StepLoad *)load;

    if (s->sent == s->step->commands->len) {
        return NULL;
    }
    g_assert(slot == s->sent);
    return &((FuzzCommand *)s->step->commands->pdata[s->sent++])->command;
}

static gboolean step_done(Load *load, unsigned slot, Command *command,
                          const Completion *completion)
{
    StepLoad *s = (StepLoad *)load;

    s->back[slot] = TRUE;
    s->completions[slot] = *completion;
    return TRUE;
}

static void step_posted(Load *load)
{
    StepLoad *s = (StepLoad *)load;
    Hba *hba = initiator_ring_hba(s->session->ring);

    if (s->acted) {
        return;
    }
    s->acted = TRUE;
    for (unsigned i = 0; i < s->sent; i++) {
        const FuzzCommand *c = s->step->commands->pdata[i];

        if (c->aborted && !s->back[i] && hba->kind->abort) {
            hba->kind->abort(hba, i);
        }
    }
    if (s->step->reset != HBA_RESET__COUNT && hba->kind->reset) {
        hba->kind->reset(hba, s->step->reset);
    }
}

/* Do what a faulty QEMU would: after some steps, now and then. */
static void spoil(FuzzSession *session, const FuzzStep *step,
                  Completion *completions)
{
    const Arena *arena = &session->ring->arena;
    const FuzzCommand *c =
        step->commands->len ? step->commands->pdata[0] : NULL;
    const Piece *first = c ? &g_array_index(c->pieces, Piece, 0) : NULL;

    if (session->breaks == BREAK_NOTHING ||
        session->lists < session->breaks_from) {
        return;
    }
    if (session->breaks == BREAK_OUTSIDE) {
        /* Between the windows. */
        arena->base[arena->start + RANDOM_WINDOW + step->seed % 4096] ^= 0x20;
    } else if (session->breaks == BREAK_DISK) {
        for (unsigned i = 0; i < FUZZ_MAIN_BYTES; i += 64) {
            session->model->disk[i] ^= 0x20;
        }
    } else if (session->breaks == BREAK_STATUS) {
        completions[0].status = 2;
    } else if (session->breaks == BREAK_GOOD) {
        memset(completions, 0, step->commands->len * sizeof(*completions));
    } else if (c &&
               (session->breaks == BREAK_INSIDE ||
                (session->breaks == BREAK_OTHER &&
                 !transfer_of(&c->command).known &&
                 completions[0].status == 0)) &&
               c->command.direction == DATA_IN && c->pieces->len &&
               first->offset >= arena->start && first->length &&
               first->offset < arena->size) {
        arena->base[first->offset] ^= 0x20;
    }
}

/* Steps after which the disk is made known again. */
#define REFRESH_EVERY 32

/* Of each 8 KiB behind all lists but the longest, what a reference may have. */
#define SCRATCH_BYTES (32 << 10)
#define SCRATCH_FROM_END (64 << 10)
#define SCRATCH_FILL 0xa5

/*
 * The data of a command that is no READ or WRITE, by sending it again with a
 * plain buffer; FALSE with an error. *@reference stays empty if that can't tell.
 * What follows the last byte that is neither zero nor as it was may be data, or
 * not: the device says less than it may.
 */
static gboolean get_reference(FuzzSession *session, const FuzzCommand *c,
                              const Completion *completion,
                              FuzzReference *reference, GError **error)
{
    const Arena *arena = &session->ring->arena;
    Piece piece = {arena->size - SCRATCH_FROM_END, SCRATCH_BYTES};
    uint8_t *scratch = arena->base + piece.offset;
    g_autofree uint8_t *saved = NULL;
    Command command = c->command;
    Completion again;
    gboolean ok;

    /* What passes through virtio-scsi is as long as its list. */
    if (session->model->maps_data) {
        piece.length = c->command.length;
    }
    if (piece.length > SCRATCH_BYTES || piece.length == 0 ||
        transfer_allocation(&command) > SCRATCH_BYTES) {
        return TRUE;
    }
    command.length = piece.length;
    command.pieces = &piece;
    command.n_pieces = 1;
    saved = g_memdup2(scratch, SCRATCH_BYTES);
    memset(scratch, SCRATCH_FILL, SCRATCH_BYTES);
    /* Of these zero-copy maps none, and dma-helpers see none. */
    session->own += strcmp(session->path->reached, "qemu:scsi_sgio_path") == 0;
    ok = initiator_send(session->ring, &command, &again, error);
    if (ok && again.status == 0 && again.response == 0) {
        uint64_t n = MIN(transfer_allocation(&command), piece.length);

        while (n > 0 &&
               (scratch[n - 1] == 0 || scratch[n - 1] == SCRATCH_FILL)) {
            n--;
        }
        reference->data = g_memdup2(scratch, n + 1);
        reference->length = n;
    }
    memcpy(scratch, saved, SCRATCH_BYTES);
    return ok && expect_same(&c->command, completion, &again, error);
}

/* REQUEST SENSE has another answer each time. */
static gboolean is_repeatable(const FuzzCommand *c)
{
    return !transfer_of(&c->command).known && !c->aborted &&
           c->command.direction == DATA_IN && c->command.cdb[0] != 0x03;
}

/* Add to the hash what does not depend on time. */
static void hash_answers(FuzzSession *session, const FuzzStep *step,
                         const Completion *completions)
{
    for (unsigned i = 0; i < step->commands->len; i++) {
        const Completion *c = &completions[i];
        const uint8_t bytes[] = {c->response, c->status, c->resid != 0,
                                 c->status == 2 ? expect_sense_key(c) : 0};

        for (unsigned j = 0; j < sizeof(bytes); j++) { /* FNV-1a */
            session->answers = (session->answers ^ bytes[j]) * 16777619u;
        }
    }
}

static gboolean has_abort(const FuzzStep *step)
{
    for (unsigned i = 0; i < step->commands->len; i++) {
        if (((const FuzzCommand *)step->commands->pdata[i])->aborted) {
            return TRUE;
        }
    }
    return FALSE;
}

/* What the commands of @step have done. @calm: no reset is to be told of. */
static gboolean take_step(FuzzSession *session, const FuzzStep *step,
                          gboolean calm, const Completion *completions,
                          GError **error)
{
    FuzzReference references[STEP_COMMANDS_MAX] = {};
    gboolean ok = TRUE;

    for (unsigned i = 0; ok && calm && i < step->commands->len; i++) {
        const FuzzCommand *c = step->commands->pdata[i];

        ok = !is_repeatable(c) ||
             get_reference(session, c, &completions[i], &references[i], error);
    }
    for (unsigned i = 0; i < step->commands->len; i++) {
        if (ok) {
            model_command(session->model, step->commands->pdata[i],
                          &completions[i],
                          references[i].data ? &references[i] : NULL);
        }
        g_free(references[i].data);
    }
    return ok;
}

gboolean session_step(FuzzSession *session, const FuzzStep *step,
                      GError **error)
{
    Initiator *ring = session->ring;
    StepLoad s = {
        .load = {.depth = MAX(step->commands->len, 1),
                 .next = step_next,
                 .done = step_done,
                 .posted = step_posted},
        .session = session,
        .step = step,
    };
    gboolean calm;

    for (unsigned i = 0; i < step->commands->len; i++) {
        const FuzzCommand *c = step->commands->pdata[i];

        session->lists += c->command.n_pieces > 0;
    }
    model_fill(session->model, step);
    if (!ring->kind->drive(ring, &s.load, NULL, error)) {
        return FALSE;
    }
    spoil(session, step, s.completions);
    calm = !session->model->attention;
    if (!expect_check(session->model, step, s.completions, error)) {
        return FALSE;
    }
    calm = calm && !session->model->attention;
    if (calm && !has_abort(step)) {
        hash_answers(session, step, s.completions);
    }
    if (!take_step(session, step, calm, s.completions, error) ||
        !model_check(session->model, FALSE, error)) {
        return FALSE;
    }
    if (++session->steps % REFRESH_EVERY) {
        return TRUE;
    }
    /* It takes the news of a reset. */
    if (!session->file && !settle(session, error)) {
        return FALSE;
    }
    session->model->attention = FALSE;
    return write_areas(session, FALSE, error);
}

/* ---- the end ---- */

char *session_log(const RunContext *context, const FuzzPath *path)
{
    return g_strdup_printf("%s/logs/%u-%s-fuzz.log", context->run_dir,
                           context->starts, path->name);
}

/* What a sanitizer says, or an assertion (of libc's, of GLib's): the line, or
 * NULL; the caller's. */
static char *complaint(const char *log)
{
    static const char *const words[] = {
        "ERROR:", "runtime error: ", "Assertion ", "assertion failed",
        "-CRITICAL **"};
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(log, &text, NULL, NULL)) {
        return NULL;
    }
    lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i]; i++) {
        for (unsigned j = 0; j < G_N_ELEMENTS(words); j++) {
            if (strstr(lines[i], words[j])) {
                return g_strdup(lines[i]);
            }
        }
    }
    return NULL;
}

void session_free(FuzzSession *session)
{
    if (session) {
        initiator_close(session->ring);
        model_free(session->model);
        g_free(session->file);
        g_free(session);
    }
}

gboolean session_end(FuzzSession *session, GError **error)
{
    g_autofree char *log = session_log(session->context, session->path);
    g_autofree char *text = NULL;
    g_autoptr(GError) end = NULL;
    gboolean ok = model_check(session->model, TRUE, error);

    initiator_ring_end(session->ring, &end);
    session_free(session);
    if (!ok) {
        return FALSE;
    }
    text = complaint(log);
    if (text) {
        g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_QEMU,
                    "QEMU complains: %s", text);
        return FALSE;
    }
    if (end) {
        g_propagate_error(error, g_steal_pointer(&end));
        return FALSE;
    }
    g_unlink(log);
    return TRUE;
}

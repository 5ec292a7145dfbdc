/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "model.h"
#include "sgbench/error.h"
#include "transfer.h"

/* FuzzMemory.marks */
#define MAY_STAY (1 << 0)
#define MAY_BE_ZERO (1 << 1)
#define MAY_BE_DATA (1 << 2)
#define MAY_BE_ANYTHING (1 << 3)
#define MAY_BE_ANY_OF_IT (MAY_STAY | MAY_BE_ZERO | MAY_BE_DATA)

/* All of memory is looked at each so many steps. */
#define ALL_EVERY 128

/* Below it belongs to the HBA's driver, from 1 MiB on. */
#define LOW_END FUZZ_VGA

/* Marsaglia's xorshift: cheap, and data is all it is for. */
static void next_word(uint64_t *word)
{
    *word ^= *word << 13;
    *word ^= *word >> 7;
    *word ^= *word << 17;
}

static void memory_init(FuzzMemory *memory, uint64_t start, uint64_t size)
{
    memory->start = start;
    memory->size = size;
    memory->is = g_malloc(size);
    memory->data = g_malloc0(size);
    memory->marks = g_malloc0(size);
}

static void memory_clear(FuzzMemory *memory)
{
    g_free(memory->is);
    g_free(memory->data);
    g_free(memory->marks);
}

static uint64_t disk_bytes(void)
{
    return FUZZ_MAIN_BYTES + (uint64_t)fuzz_n_answers * FUZZ_AREA_BYTES;
}

FuzzModel *model_new(const Initiator *ring, gboolean whole_commands)
{
    FuzzModel *model = g_new0(FuzzModel, 1);
    const DeviceMemory *device = ring->arena.device;
    uint64_t word = 88172645463325252;

    model->arena = &ring->arena;
    model->whole_commands = whole_commands;
    model->maps_data = initiator_ring_hba((Initiator *)ring)->kind->maps_data;
    model->raw = initiator_ring_hba((Initiator *)ring)->kind->raw;
    memory_init(&model->ram, 0, ring->arena.size);
    memory_init(&model->device, device->start, device->size);
    memcpy(model->ram.is, ring->arena.base, ring->arena.size);
    device->read(device->opaque, device->start, model->device.is, device->size);
    model->touched = g_array_new(FALSE, FALSE, sizeof(Piece));
    model->disk = g_malloc(disk_bytes());
    model->known = g_malloc(disk_bytes());
    memset(model->known, 1, disk_bytes());
    for (uint64_t i = 0; i < disk_bytes(); i += 8) {
        next_word(&word);
        memcpy(model->disk + i, &word, 8);
    }
    return model;
}

void model_free(FuzzModel *model)
{
    if (model) {
        memory_clear(&model->ram);
        memory_clear(&model->device);
        g_array_unref(model->touched);
        g_free(model->disk);
        g_free(model->known);
        g_free(model);
    }
}

uint8_t *model_disk(FuzzModel *model, unsigned area, uint64_t *length)
{
    *length = area ? FUZZ_AREA_BYTES : FUZZ_MAIN_BYTES;
    return model->disk + transfer_area_offset(area);
}

gboolean model_is_lost(const FuzzModel *model, unsigned area)
{
    return memchr(model->known + transfer_area_offset(area), 0,
                  area ? FUZZ_AREA_BYTES : FUZZ_MAIN_BYTES) != NULL;
}

void model_written(FuzzModel *model, unsigned area)
{
    memset(model->known + transfer_area_offset(area), 1,
           area ? FUZZ_AREA_BYTES : FUZZ_MAIN_BYTES);
}

/* ---- memory ---- */

/* The memory that has byte @address, and how many of @length from there on are
 * of the same kind; NULL: none of ours. */
static FuzzMemory *memory_at(FuzzModel *model, uint64_t address,
                             uint64_t length, uint64_t *same)
{
    FuzzMemory *device = &model->device;
    uint64_t end;

    if (address < LOW_END ||
        (address >= model->arena->start && address < model->ram.size)) {
        end = address < LOW_END ? LOW_END : model->ram.size;
        *same = MIN(length, end - address);
        return &model->ram;
    }
    if (address >= device->start && address < device->start + device->size) {
        *same = MIN(length, device->start + device->size - address);
        return device;
    }
    /* What is no memory ends where some begins. */
    end = address < FUZZ_VGA_END          ? FUZZ_VGA_END
          : address < model->arena->start ? model->arena->start
          : address < device->start       ? device->start
                                          : UINT64_MAX;
    *same = MIN(length, end - address);
    return NULL;
}

static void touch(FuzzModel *model, uint64_t address, uint64_t length)
{
    Piece piece = {address, length};

    g_array_append_val(model->touched, piece);
}

/* A piece may be longer than all there is: this is what is filled of it. */
#define FILL_MAX (8 << 20)

void model_fill(FuzzModel *model, const FuzzStep *step)
{
    const DeviceMemory *device = model->arena->device;
    uint64_t word = step->seed * 2 + 1;

    for (unsigned i = 0; i < step->commands->len; i++) {
        const FuzzCommand *c = step->commands->pdata[i];

        for (unsigned j = 0; j < c->pieces->len; j++) {
            const Piece *piece = &g_array_index(c->pieces, Piece, j);
            uint64_t length = MIN(piece->length, FILL_MAX), same;

            for (uint64_t at = 0; at < length; at += same) {
                uint64_t address = piece->offset + at;
                FuzzMemory *memory =
                    memory_at(model, address, length - at, &same);
                uint8_t *is;

                if (!memory) {
                    continue;
                }
                is = memory->is + (address - memory->start);
                for (uint64_t k = 0; k < same; k++) {
                    if (k % 8 == 0) {
                        next_word(&word);
                    }
                    is[k] = word >> k % 8 * 8;
                }
                if (memory == &model->ram) {
                    memcpy(model->arena->base + address, is, same);
                } else {
                    device->write(device->opaque, address, is, same);
                }
            }
        }
    }
}

/* ---- what commands do ---- */

/* Bytes @from … @to - 1 of the list of @command may be as @marks say; the data
 * is @data[from …], if @known[from …] says so (NULL: it is not). */
static void mark_list(FuzzModel *model, const FuzzCommand *command,
                      uint64_t from, uint64_t to, uint8_t marks,
                      const uint8_t *data, const uint8_t *known)
{
    uint64_t pos = 0;

    for (unsigned i = 0; i < command->pieces->len && pos < to; i++) {
        const Piece *piece = &g_array_index(command->pieces, Piece, i);
        uint64_t end = MIN(pos + piece->length, to), same;

        for (uint64_t at = MAX(pos, from); at < end; at += same) {
            uint64_t address = piece->offset + (at - pos);
            FuzzMemory *memory = memory_at(model, address, end - at, &same);
            uint64_t index = address - (memory ? memory->start : 0);

            if (!memory) {
                continue;
            }
            touch(model, address, same);
            for (uint64_t k = 0; k < same; k++, index++) {
                uint8_t mark = marks;

                /* Twice in a list: the last one counts, if it is data. */
                if (memory->marks[index] && marks != MAY_BE_DATA) {
                    mark = MAY_BE_ANYTHING;
                } else if (marks & MAY_BE_DATA) {
                    if (!known || !known[at + k]) {
                        mark = MAY_BE_ANYTHING;
                    } else {
                        memory->data[index] = data[at + k];
                    }
                }
                if (memory == &model->device && model->maps_data) {
                    mark = MAY_BE_ANYTHING;
                }
                memory->marks[index] = mark;
            }
        }
        pos += piece->length;
    }
}

/* What is device memory of the list of @command may be anything. */
static void mark_device(FuzzModel *model, const FuzzCommand *command)
{
    for (unsigned i = 0; i < command->pieces->len; i++) {
        const Piece *piece = &g_array_index(command->pieces, Piece, i);
        uint64_t same;

        for (uint64_t at = 0; at < piece->length; at += same) {
            uint64_t address = piece->offset + at;
            FuzzMemory *memory =
                memory_at(model, address, piece->length - at, &same);

            if (memory == &model->device) {
                touch(model, address, same);
                memset(memory->marks + (address - memory->start),
                       MAY_BE_ANYTHING, same);
            }
        }
    }
}

/* The first @n bytes of the list of @command, which went to the disk. */
static void gather(FuzzModel *model, const FuzzCommand *command, uint64_t n,
                   uint8_t *data, uint8_t *known)
{
    uint64_t pos = 0;

    for (unsigned i = 0; i < command->pieces->len && pos < n; i++) {
        const Piece *piece = &g_array_index(command->pieces, Piece, i);
        uint64_t end = MIN(pos + piece->length, n), same;

        for (uint64_t at = pos; at < end; at += same) {
            uint64_t address = piece->offset + (at - pos);
            FuzzMemory *memory = memory_at(model, address, end - at, &same);

            if (memory) {
                memcpy(data + at, memory->is + (address - memory->start), same);
            }
            memset(known + at, memory != NULL, same);
        }
        pos = end;
    }
}

static gboolean is_unit_attention(const Completion *completion)
{
    return completion->status == 2 && completion->sense_length > 2 &&
           (completion->sense[2] & 15) == 6;
}

static void model_read(FuzzModel *model, const FuzzCommand *c,
                       const Completion *completion, const Transfer *t)
{
    uint64_t list = c->command.length, least = MIN(t->bytes, list);
    /* dma-helpers do whole blocks (hw/scsi/scsi-disk.c, scsi_do_dma()). */
    uint64_t valid = model->whole_commands || model->raw
                         ? least
                         : least / FUZZ_BLOCK * FUZZ_BLOCK;
    /* Behind virtio-scsi, what passes through is as long as its list. */
    uint64_t n = model->maps_data && model->whole_commands ? list : least;
    const FuzzAnswer *answer =
        model->raw ? NULL
                   : transfer_answer(t, &c->command, model->whole_commands);
    gboolean good = completion->response == 0 && completion->status == 0;
    const uint8_t *data = t->modelled ? model->disk + t->offset : NULL;
    const uint8_t *known = t->modelled ? model->known + t->offset : NULL;

    if (is_unit_attention(completion)) {
        return; /* not executed */
    }
    if (model->maps_data && !model->whole_commands && !good) {
        n = list;
    }
    if (!good || (answer && !answer->executed) ||
        (list < t->bytes && model->raw)) {
        /* A device that fails before it begins moves nothing. */
        mark_list(model, c, 0, n,
                  answer && !answer->moves && !answer->executed
                      ? MAY_STAY | MAY_BE_ZERO
                      : MAY_BE_ANY_OF_IT,
                  data, known);
        return;
    }
    if (answer && answer->resid > 0) {
        valid = model->maps_data ? list : t->bytes;
        valid -= MIN((uint64_t)answer->resid, valid);
        /* scsi-block may have split it: into parts of which each is short. */
        if (!model->whole_commands) {
            mark_list(model, c, 0, n, MAY_BE_ANY_OF_IT, data, known);
            return;
        }
        valid = MIN(valid, least);
    }
    mark_list(model, c, 0, valid, MAY_BE_DATA, data, known);
    mark_list(model, c, valid, n, MAY_STAY | MAY_BE_ZERO, NULL, NULL);
}

static void model_write(FuzzModel *model, const FuzzCommand *c,
                        const Completion *completion, const Transfer *t)
{
    uint64_t list = c->command.length, n = MIN(t->bytes, list);
    gboolean blocks = !model->whole_commands && !model->raw;
    gboolean good = completion->response == 0 && completion->status == 0;
    const FuzzAnswer *answer =
        model->raw ? NULL
                   : transfer_answer(t, &c->command, model->whole_commands);
    gboolean plain = !answer || (answer->executed && answer->resid == 0);

    if (is_unit_attention(completion)) {
        return;
    }
    if (!t->modelled || !good || !plain ||
        (list < t->bytes && (model->raw || model->maps_data))) {
        memset(model->known + t->offset, 0, t->ours);
        return;
    }
    if (blocks) {
        n = n / FUZZ_BLOCK * FUZZ_BLOCK;
    }
    gather(model, c, n, model->disk + t->offset, model->known + t->offset);
    if (blocks) {
        return;
    }
    /* A list that is shorter is filled up with zeros. */
    memset(model->disk + t->offset + n, 0, t->bytes - n);
    memset(model->known + t->offset + n, 1, t->bytes - n);
}

/* An INQUIRY or the like: how long its data may be, it says itself. */
static void model_other(FuzzModel *model, const FuzzCommand *c,
                        const Completion *completion,
                        const FuzzReference *reference)
{
    gboolean good = completion->response == 0 && completion->status == 0;
    uint64_t list = c->command.length, most = transfer_allocation(&c->command);
    uint64_t valid = 0, n = model->maps_data ? list : MIN(most, list);
    g_autofree uint8_t *known = NULL;

    if (good && reference) {
        valid = MIN(reference->length, list);
        known = g_malloc(valid + 1);
        memset(known, 1, valid);
        mark_list(model, c, 0, valid, MAY_BE_DATA, reference->data, known);
    } else if (good) {
        valid = MIN(most, list);
        mark_list(model, c, 0, valid, MAY_BE_ANYTHING, NULL, NULL);
    }
    mark_list(model, c, valid, n, MAY_STAY | MAY_BE_ZERO, NULL, NULL);
}

void model_command(FuzzModel *model, const FuzzCommand *command,
                   const Completion *completion, const FuzzReference *reference)
{

    Transfer t = transfer_of(&command->command);
    DataDirection direction = command->command.direction;

    if (model->maps_data && direction == DATA_IN) {
        /* Its copy of device memory is written back, whatever happens. */
        mark_device(model, command);
    }
    if (!t.known) {
        if (direction == DATA_IN) {
            model_other(model, command, completion, reference);
        }
    } else if (t.write) {
        if (direction == DATA_OUT) {
            model_write(model, command, completion, &t);
        } else if (!is_unit_attention(completion)) {
            memset(model->known + t.offset, 0, t.ours);
        }
        if (direction == DATA_IN) {
            /* A READ to QEMU if the HBA says so; refused by the device. */
            mark_list(model, command, 0, command->command.length,
                      MAY_STAY | MAY_BE_ZERO, NULL, NULL);
        }
    } else if (direction == DATA_IN) {
        model_read(model, command, completion, &t);
    }
}

/* ---- checking ---- */

/* No other value would have done. */
static gboolean is_strict(const FuzzMemory *memory, uint64_t i)
{
    uint8_t marks = memory->marks[i];
    uint8_t only = marks & MAY_STAY      ? memory->is[i]
                   : marks & MAY_BE_ZERO ? 0
                                         : memory->data[i];

    return !(marks & MAY_BE_ANYTHING) &&
           (!(marks & MAY_BE_ZERO) || only == 0) &&
           (!(marks & MAY_BE_DATA) || only == memory->data[i]);
}

static gboolean allowed(const FuzzMemory *memory, uint64_t i, uint8_t seen)
{
    uint8_t marks = memory->marks[i];

    return marks == 0 || (marks & MAY_BE_ANYTHING) ||
           ((marks & MAY_STAY) && seen == memory->is[i]) ||
           ((marks & MAY_BE_ZERO) && seen == 0) ||
           ((marks & MAY_BE_DATA) && seen == memory->data[i]);
}

static gboolean wrong(const FuzzMemory *memory, uint64_t i, uint8_t seen,
                      GError **error)
{
    g_autoptr(GString) expected = g_string_new(NULL);

    if (memory->marks[i] & MAY_BE_DATA) {
        g_string_append_printf(expected, " %02xh (data)", memory->data[i]);
    }
    if (memory->marks[i] & MAY_BE_ZERO) {
        g_string_append(expected, " 00h");
    }
    if (!memory->marks[i] || (memory->marks[i] & MAY_STAY)) {
        g_string_append_printf(expected, " %02xh (as before)", memory->is[i]);
    }
    g_set_error(error, SGBENCH_ERROR, SGBENCH_ERROR_DATA,
                "WRONG BYTE %s a list: %02xh at %" PRIx64 ", expected%s",
                memory->marks[i] ? "inside" : "outside", seen,
                memory->start + i, expected->str);
    return FALSE;
}

/* @seen is what lies at @start of @memory; no marks are there any more. */
static gboolean check_rest(const FuzzMemory *memory, uint64_t start,
                           const uint8_t *seen, uint64_t length, GError **error)
{
    uint64_t i = start - memory->start;

    if (memcmp(memory->is + i, seen, length) == 0) {
        return TRUE;
    }
    while (memory->is[i] == *seen) {
        i++;
        seen++;
    }
    return wrong(memory, i, *seen, error);
}

static gboolean check_touched(FuzzModel *model, const Piece *piece,
                              GError **error)
{
    const DeviceMemory *device = model->arena->device;
    g_autofree uint8_t *copy = NULL;
    const uint8_t *seen;
    FuzzMemory *memory;
    uint64_t same, index;

    memory = memory_at(model, piece->offset, piece->length, &same);
    index = piece->offset - memory->start;
    if (memory == &model->ram) {
        seen = model->arena->base + piece->offset;
    } else {
        copy = g_malloc(piece->length);
        device->read(device->opaque, piece->offset, copy, piece->length);
        seen = copy;
    }
    for (uint64_t k = 0; k < piece->length; k++) {
        if (!allowed(memory, index + k, seen[k])) {
            return wrong(memory, index + k, seen[k], error);
        }
        if (memory->marks[index + k]) {
            model->checked++;
            model->strict += is_strict(memory, index + k);
            model->open += (memory->marks[index + k] & MAY_BE_ANYTHING) != 0;
            memory->is[index + k] = seen[k];
            memory->marks[index + k] = 0;
        }
    }
    return TRUE;
}

gboolean model_check(FuzzModel *model, gboolean all, GError **error)
{
    const DeviceMemory *device = model->arena->device;
    uint64_t start = model->arena->start, low = LOW_END - 65536;
    uint64_t window = all ? device->size : FUZZ_DEVICE_WINDOW;

    for (unsigned i = 0; i < model->touched->len; i++) {
        if (!check_touched(model, &g_array_index(model->touched, Piece, i),
                           error)) {
            return FALSE;
        }
    }
    g_array_set_size(model->touched, 0);
    /* Where lists are is looked at each time, the rest now and then. */
    all = all || ++model->steps % ALL_EVERY == 0;
    if (!check_rest(&model->ram, all ? 0 : low,
                    model->arena->base + (all ? 0 : low), all ? LOW_END : 65536,
                    error) ||
        !check_rest(&model->ram, start, model->arena->base + start,
                    all ? model->ram.size - start : 1 << 20, error)) {
        return FALSE;
    }
    if (all) {
        g_autofree uint8_t *seen = g_malloc(window);

        device->read(device->opaque, device->start, seen, window);
        return check_rest(&model->device, device->start, seen, window, error);
    }
    return TRUE;
}

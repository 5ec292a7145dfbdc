/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "analysis/metrics.h"
#include "layout.h"
#include "reconcile.h"

/* What is expected of a cell, and what the trace has. */
typedef struct Row {
    const Cell *cell;
    const Sample *sample;
    const SgbMetrics *metrics; /* NULL: the trace has no such cell */
    uint64_t direct, bounced;  /* expected, bytes */
} Row;

static const SgbMetrics *find_metrics(GPtrArray *all, const char *cell,
                                      unsigned round)
{
    unsigned i;

    for (i = 0; all && i < all->len; i++) {
        const SgbMetrics *metrics = g_ptr_array_index(all, i);

        if (metrics->cell && metrics->round == round &&
            g_str_equal(metrics->cell, cell)) {
            return metrics;
        }
    }
    return NULL;
}

static const Cell *find_cell(const Start *start, const char *id)
{
    unsigned i;

    for (i = 0; i < start->cells->len; i++) {
        const Cell *cell = g_ptr_array_index(start->cells, i);

        if (g_str_equal(cell->id, id)) {
            return cell;
        }
    }
    return NULL;
}

/* The first thing that differs, in words, or NULL; the caller's. */
static char *difference(const Row *row)
{
    const Sample *sample = row->sample;
    const SgbMetrics *metrics = row->metrics;
    /* Where no SCSI command passes, QEMU's events of one are not there: the
     * trace has what the initiator has posted and seen. */
    gboolean raw = row->cell->path->raw;
    const struct {
        const char *what;
        uint64_t expected, found;
    } checks[] = {
        {"requests", sample_commands(sample), metrics->requests},
        {"requests never finished", 0, metrics->unfinished},
        {"bytes", sample->bytes + sample->short_bytes,
         /* Targets do not agree on the residual of a parameter list, and
          * scsi-generic does not pass it on. */
         cell_moves_data(row->cell) && !raw
             ? metrics->transferred
             : sample->bytes + sample->short_bytes},
        {"bytes mapped", row->direct, metrics->direct},
        {"bytes bounced", row->bounced, metrics->bounced},
    };
    unsigned i;

    for (i = 0; i < G_N_ELEMENTS(checks); i++) {
        if (checks[i].expected != checks[i].found) {
            return g_strdup_printf("%s: %s: expected %" G_GUINT64_FORMAT
                                   ", the trace has %" G_GUINT64_FORMAT,
                                   sample->cell, checks[i].what,
                                   checks[i].expected, checks[i].found);
        }
    }
    return NULL;
}

/* Bytes that QEMU handed over for the commands of @sample, each of @size. Of
 * failed commands too, but for those that the ioctl refused: a limit of the
 * host's or the target's on pieces, as of null-sg. */
static uint64_t handed_over(const Sample *sample, const SgbMetrics *metrics,
                            uint64_t size)
{
    uint64_t refused = metrics ? MIN(metrics->refused, sample->failed) : 0;

    return (sample->requests + sample->marks + sample->failed - refused) * size;
}

static void add_stage(JsonObject *stages, const char *name,
                      const SgbHistogram *times)
{
    JsonObject *stage;

    if (!times->count) {
        return;
    }
    stage = json_object_new();
    json_object_set_int_member(stage, "count", times->count);
    json_object_set_double_member(stage, "sum", times->sum);
    json_object_set_int_member(stage, "p50",
                               sgb_histogram_quantile(times, 0.5));
    json_object_set_int_member(stage, "p99",
                               sgb_histogram_quantile(times, 0.99));
    json_object_set_object_member(stages, name, stage);
}

/* Where the time of the requests went. */
static JsonObject *stages_to_json(const SgbMetrics *metrics)
{
    JsonObject *stages = json_object_new();

    for (SgbStage i = 0; i < SGB_STAGE__COUNT; i++) {
        add_stage(stages, sgb_stage_name(i), metrics->stage[i]);
    }
    add_stage(stages, "total", metrics->total);
    return stages;
}

/* Of @bytes of commands of @cell, those that are expected to be bounced; the
 * rest is mapped. scsi-block maps and bounces in dma-helpers, which the events
 * of the whole command do not tell apart: as if it were all mapped;
 * what is no READ, WRITE or VERIFY it leaves to the code of scsi-generic,
 * without zero-copy (QEMU's hw/scsi/scsi-disk.c, scsi_block_new_request). */
static uint64_t expected_bounced(const Cell *cell, uint64_t bytes)
{
    gboolean whole = strcmp(cell->path->device, "scsi-generic") == 0;
    unsigned pieces = (cell->path->apart ? layout_pieces : layout_joined)(
        cell->layout, cell->size);

    if (cell->path->data == EXPECT_BOUNCED ||
        (cell->path->disks_only && cell->operation == OPERATION_UNMAP) ||
        (whole && pieces > SG_IO_PIECES)) {
        return bytes;
    }
    return whole ? bytes / cell->size *
                       layout_device_bytes(cell->layout, cell->size)
                 : 0;
}

static void describe(JsonObject *record, const Row *row)
{
    const Sample *sample = row->sample;

    json_object_set_int_member(record, "initiator_requests",
                               sample_commands(sample));
    json_object_set_int_member(record, "initiator_bytes", sample->bytes);
    json_object_set_int_member(record, "expected_direct", row->direct);
    json_object_set_int_member(record, "expected_bounced", row->bounced);
    if (row->metrics) {
        json_object_set_int_member(record, "trace_requests",
                                   row->metrics->requests);
        json_object_set_int_member(record, "trace_bytes",
                                   row->metrics->transferred);
        json_object_set_int_member(record, "direct", row->metrics->direct);
        json_object_set_int_member(record, "bounced", row->metrics->bounced);
        json_object_set_int_member(record, "dio_requests", row->metrics->dio);
        json_object_set_object_member(record, "stages",
                                      stages_to_json(row->metrics));
    }
}

Reconciled reconcile_start(RunDir *dir, const char *folder, const Start *start,
                           GPtrArray *samples, char **message)
{
    /* As run.schema.json has them. */
    static const char *const results[] = {
        [RECONCILED_AGREES] = "agrees",
        [RECONCILED_LOST] = "events lost",
        [RECONCILED_UNREADABLE] = "unreadable",
        [RECONCILED_DIFFERS] = "differs",
    };
    g_autofree char *path = g_build_filename(rundir_path(dir), folder, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) metrics = NULL;
    SgbTraceCounts counts = {};
    Reconciled worst = RECONCILED_AGREES;
    unsigned i;

    *message = NULL;
    metrics = sgb_metrics_from_trace(path, &counts, &error);
    for (i = 0; i < samples->len; i++) {
        const Sample *sample = g_ptr_array_index(samples, i);
        const Cell *cell = find_cell(start, sample->cell);
        JsonObject *record = json_object_new();
        g_autofree char *text = NULL;
        Reconciled result = RECONCILED_AGREES;
        Row row = {
            .cell = cell,
            .sample = sample,
            .metrics = find_metrics(metrics, sample->cell, sample->round),
        };
        uint64_t bytes = cell->path->raw ? 0
                                         : handed_over(sample, row.metrics,
                                                       cell_data_length(cell));

        row.bounced = expected_bounced(cell, bytes);
        row.direct = bytes - row.bounced;
        if (error) {
            result = RECONCILED_UNREADABLE;
            text = g_strdup(error->message);
        } else if (counts.lost_events || counts.lost_packets) {
            result = RECONCILED_LOST;
            text = g_strdup_printf(
                "%s: %" G_GUINT64_FORMAT " events and %" G_GUINT64_FORMAT
                " packets were lost: "
                "nothing is claimed from this trace",
                folder, counts.lost_events, counts.lost_packets);
        } else if (!row.metrics) {
            result = RECONCILED_DIFFERS;
            text = g_strdup_printf("%s: the trace does not have this cell",
                                   sample->cell);
        } else {
            text = difference(&row);
            result = text ? RECONCILED_DIFFERS : RECONCILED_AGREES;
        }
        json_object_set_string_member(record, "cell", sample->cell);
        json_object_set_string_member(record, "trace", folder);
        json_object_set_string_member(record, "result", results[result]);
        json_object_set_int_member(record, "lost_events", counts.lost_events);
        describe(record, &row);
        if (text) {
            json_object_set_string_member(record, "message", text);
            if (!*message) {
                *message = g_steal_pointer(&text);
            }
        }
        worst = MAX(worst, result);
        rundir_record(dir, "reconciliation", record);
    }
    return worst;
}

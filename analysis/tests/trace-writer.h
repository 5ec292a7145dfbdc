/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes CTF traces for tests, with babeltrace2's own sink.ctf.fs: what the
 * reader gets is what a tracer would have written, but the contents are made
 * up.
 */
#ifndef ANALYSIS_TESTS_TRACE_WRITER_H
#define ANALYSIS_TESTS_TRACE_WRITER_H

#include <stdint.h>
#include <glib.h>

typedef struct TraceWriter TraceWriter;

/* A trace of one stream. @hostname for the environment, may be NULL. */
TraceWriter *trace_writer_new(const char *hostname);
void trace_writer_free(TraceWriter *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TraceWriter, trace_writer_free)

/* Events have no vpid: neither in a context nor in the environment. */
void trace_writer_no_vpid(TraceWriter *w);

/*
 * Declare event @name with @fields, "NAME:TYPE ...", where TYPE is x (64 bits,
 * unsigned), u (32 bits, unsigned), d (32 bits, signed), s (string) or c (a
 * CDB: bytes, given in hexadecimal, as a sequence). The events of the catalogue
 * and the kernel's are there already; declaring one again replaces it.
 */
void trace_writer_declare(TraceWriter *w, const char *name, const char *fields);

/* Add event @name at @ns, which must not be before the last one's. @format
 * gives "FIELD=VALUE ..." for printf; fields left out are 0 or empty. */
void trace_writer_add(TraceWriter *w, uint64_t ns, int vpid, const char *name,
                      const char *format, ...) G_GNUC_PRINTF(5, 6);

/* The thread of the events that are added from now on; 0 until then. */
void trace_writer_thread(TraceWriter *w, int tid);

/*
 * Do not keep all events: when those that were added are written, @more is
 * called to add others, until it returns FALSE. For long traces.
 */
void trace_writer_pull(TraceWriter *w,
                       gboolean (*more)(TraceWriter *w, void *opaque),
                       void *opaque);

/* @count events were lost here; 0: nobody knows how many. */
void trace_writer_lose(TraceWriter *w, uint64_t count);

/* Forget a @share (0 ... 1) of the events that were added. */
void trace_writer_drop(TraceWriter *w, GRand *rand, double share);

/* Begin a new packet here. */
void trace_writer_packet(TraceWriter *w);

/* Write it all into the new folder @path. */
void trace_writer_write(TraceWriter *w, const char *path);

/* A new temporary folder; removed, with all in it, by trace_folder_remove. */
char *trace_folder_new(void);
void trace_folder_remove(char *path);

/* The path (the caller's) of the first stream file below @path. */
char *trace_folder_stream(const char *path);

#endif

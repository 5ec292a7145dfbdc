/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the history share. */
#ifndef REPORTS_HISTORY_PRIVATE_H
#define REPORTS_HISTORY_PRIVATE_H

#include <sqlite3.h>

#include "history.h"

/* The version of the schema that is written here (PRAGMA user_version). */
#define SGB_HISTORY_VERSION 2

/* Says that a file is a history (PRAGMA application_id): "SGBH". */
#define SGB_HISTORY_MAGIC 0x53474248

struct SgbHistory {
    char *file;
    sqlite3 *db;
};

/* Set @error from the database's last one; FALSE. */
gboolean sgb_history_fail(SgbHistory *history, const char *doing,
                          GError **error);

/* Execute @sql, which takes no parameters. */
gboolean sgb_history_execute(SgbHistory *history, const char *sql,
                             GError **error);

/* Prepare @sql; NULL with an error. sqlite3_finalize it. */
sqlite3_stmt *sgb_history_prepare(SgbHistory *history, const char *sql,
                                  GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

/* Column @i of a row; "" for NULL. Of the statement. */
const char *sgb_history_text(sqlite3_stmt *row, int i);

/* Texts of the row (run, run_size, journal, journal_size) at column @i. */
gboolean sgb_history_inflate(SgbHistory *history, sqlite3_stmt *row, int i,
                             SgbBundleTexts *texts, GError **error);

#endif

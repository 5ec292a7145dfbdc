/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The document: all that a report says, as JSON (reports/report.schema.json).
 * The JSON report is this; the HTML report draws its charts from it.
 */
#ifndef REPORTS_DOCUMENT_H
#define REPORTS_DOCUMENT_H

#include <glib.h>
#include <json-glib/json-glib.h>

/* The version of report.schema.json that is written. */
#define SGB_DOCUMENT_SCHEMA 1

/* The document of @runs (SgbRun *) with @verdicts (of sgb_verdicts); the
 * caller's. */
JsonNode *sgb_document(GPtrArray *runs, GPtrArray *verdicts);

#endif

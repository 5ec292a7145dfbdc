/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "other-host.h"
#include "sgbench/ask.h"
#include "sgbench/context.h"
#include "sgbench/target-kinds.h"

#define EXCLUSIVE_ACCESS 3
#define KEY 1

static TargetKind other_kind = {.name = "other"};
static Target other = {.kind = &other_kind, .name = (char *)"other"};

/* tgt knows who registered by the session. */
Initiator *other_host(RunContext *context, const char *url)
{
    static const InitiatorNeeds needs = {.arena_size = 65536};
    GError *error = NULL;
    Initiator *initiator;

    other.device = (char *)url;
    initiator = initiator_iscsi.open(context, &other, NULL, &needs, &error);
    g_assert_no_error(error);
    return initiator;
}

void other_host_reserve_out(Initiator *initiator, OtherHostAction action)
{
    Command command = {.length = 24};
    GError *error = NULL;

    command_set_cdb(&command, 0x5f, 10, DATA_OUT);
    command.cdb[1] = action;
    command.cdb[2] = action == PR_RESERVE ? EXCLUSIVE_ACCESS : 0;
    command.cdb[8] = 24;
    memset(ask_data(initiator), 0, 24);
    ask_data(initiator)[action == PR_REGISTER ? 15 : 7] = KEY;
    ask_good(&other, initiator, &command, "PERSISTENT RESERVE OUT", &error);
    g_assert_no_error(error);
}

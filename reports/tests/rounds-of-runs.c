/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rounds-of-runs RUN...: the rounds of run directories on standard output, as
 * rounds.h has them. */
#include <stdio.h>

#include "rounds.h"

int main(int argc, char **argv)
{
    Rounds *rounds;
    char *text;

    if (argc < 2) {
        fputs("usage: rounds-of-runs RUN...\n", stderr);
        return 2;
    }
    rounds = rounds_of_runs(argv + 1);
    text = rounds_text(rounds);
    fputs(text, stdout);
    g_free(text);
    rounds_free(rounds);
    return 0;
}

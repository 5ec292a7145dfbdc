/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The search for a limit: which is the largest value that works? What a device
 * takes need not be everything up to some size, so powers of two and their
 * neighbours are tried up to the end, whatever has failed before, and the
 * neighbours of what is found as well.
 */
#ifndef SGBENCH_PROBE_SEARCH_H
#define SGBENCH_PROBE_SEARCH_H

#include <stdint.h>
#include <glib.h>

typedef enum ProbeAnswer {
    PROBE_WORKS,
    PROBE_REFUSED, /* @value is too much, or not liked for another reason */
    PROBE_FAILED,  /* the search can't go on: there is an error */
} ProbeAnswer;

/* Does @value work? */
typedef ProbeAnswer (*ProbeTry)(void *opaque, uint64_t value, GError **error);

typedef struct ProbeFound {
    uint64_t works;    /* it and all that was tried below work; 0: nothing */
    uint64_t refused;  /* the smallest that was refused; 0: nothing was */
    uint64_t largest;  /* the largest that worked: @works, or there are gaps */
    unsigned gaps;     /* values refused below @largest */
    unsigned unsteady; /* values refused once, and taken when tried again */
    unsigned tried;    /* values */
} ProbeFound;

/*
 * Try multiples of @unit from @unit to @most (a multiple itself). What is
 * refused is tried again at once: only a value that is refused twice counts as
 * refused. FALSE with the error of @try; @found has what was known until then.
 */
gboolean probe_search(ProbeTry try_value, void *opaque, uint64_t unit,
                      uint64_t most, ProbeFound *found, GError **error);

#endif

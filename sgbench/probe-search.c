/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe-search.h"

/* Neighbours on each side of a limit; a change of the limit by them starts the
 * search again, at most so often. */
#define NEIGHBOURS 2
#define AGAIN_MAX 8

typedef struct Tried {
    uint64_t value; /* in units */
    gboolean works;
} Tried;

typedef struct Search {
    ProbeTry try_value;
    void *opaque;
    uint64_t unit, most; /* most: in units */
    GArray *tried;       /* Tried, by value */
    unsigned unsteady;
} Search;

/* Where @value is in the list, or would be. */
static unsigned place(const Search *search, uint64_t value, gboolean *there)
{
    unsigned low = 0, high = search->tried->len;

    while (low < high) {
        unsigned middle = (low + high) / 2;

        if (g_array_index(search->tried, Tried, middle).value < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *there = low < search->tried->len &&
             g_array_index(search->tried, Tried, low).value == value;
    return low;
}

static gboolean try_once(Search *search, uint64_t value, gboolean *works,
                         GError **error)
{
    ProbeAnswer answer =
        search->try_value(search->opaque, value * search->unit, error);

    *works = answer == PROBE_WORKS;
    return answer != PROBE_FAILED;
}

/* FALSE with an error; a value that is out of range or known is left alone. */
static gboolean try_value(Search *search, uint64_t value, GError **error)
{
    Tried tried = {.value = value};
    gboolean there;
    unsigned at;

    if (value < 1 || value > search->most) {
        return TRUE;
    }
    at = place(search, value, &there);
    if (there) {
        return TRUE;
    }
    if (!try_once(search, value, &tried.works, error)) {
        return FALSE;
    }
    if (!tried.works) {
        if (!try_once(search, value, &tried.works, error)) {
            return FALSE;
        }
        search->unsteady += tried.works;
    }
    g_array_insert_val(search->tried, at, tried);
    return TRUE;
}

static gboolean try_ladder(Search *search, GError **error)
{
    for (uint64_t step = 1; step <= search->most; step *= 2) {
        if (!try_value(search, step - 1, error) ||
            !try_value(search, step, error) ||
            !try_value(search, step + 1, error)) {
            return FALSE;
        }
        if (step > UINT64_MAX / 2) {
            break;
        }
    }
    return try_value(search, search->most - 1, error) &&
           try_value(search, search->most, error);
}

/* The first refusal, and what was tried before it; either may be 0. */
static void first_step(const Search *search, uint64_t *works, uint64_t *refused)
{
    *works = *refused = 0;
    for (unsigned i = 0; i < search->tried->len; i++) {
        const Tried *tried = &g_array_index(search->tried, Tried, i);

        if (!tried->works) {
            *refused = tried->value;
            return;
        }
        *works = tried->value;
    }
}

/* Close the gap between the first refusal and what worked before it. */
static gboolean bisect(Search *search, GError **error)
{
    uint64_t works, refused;

    for (;;) {
        first_step(search, &works, &refused);
        if (!refused || refused == works + 1) {
            return TRUE;
        }
        if (!try_value(search, works + (refused - works) / 2, error)) {
            return FALSE;
        }
    }
}

/* Neighbours may show that the step was not the first: again, then. */
static gboolean settle(Search *search, GError **error)
{
    uint64_t works, refused, before;

    for (unsigned again = 0; again < AGAIN_MAX; again++) {
        if (!bisect(search, error)) {
            return FALSE;
        }
        first_step(search, &works, &refused);
        if (!refused) {
            return TRUE;
        }
        for (unsigned i = 1; i <= NEIGHBOURS; i++) {
            if ((works > i && !try_value(search, works - i, error)) ||
                !try_value(search, refused + i, error)) {
                return FALSE;
            }
        }
        before = refused;
        first_step(search, &works, &refused);
        if (refused == before) {
            return TRUE;
        }
    }
    return TRUE;
}

static void summarize(const Search *search, ProbeFound *found)
{
    uint64_t works, refused, largest = 0;

    first_step(search, &works, &refused);
    for (unsigned i = 0; i < search->tried->len; i++) {
        const Tried *tried = &g_array_index(search->tried, Tried, i);

        largest = tried->works ? tried->value : largest;
    }
    *found = (ProbeFound){
        .works = works * search->unit,
        .refused = refused * search->unit,
        .largest = largest * search->unit,
        .unsteady = search->unsteady,
        .tried = search->tried->len,
    };
    for (unsigned i = 0; i < search->tried->len; i++) {
        const Tried *tried = &g_array_index(search->tried, Tried, i);

        found->gaps += !tried->works && tried->value < largest;
    }
}

gboolean probe_search(ProbeTry try_it, void *opaque, uint64_t unit,
                      uint64_t most, ProbeFound *found, GError **error)
{
    Search search = {
        .try_value = try_it,
        .opaque = opaque,
        .unit = unit,
        .most = most / unit,
        .tried = g_array_new(FALSE, FALSE, sizeof(Tried)),
    };
    gboolean ok;

    g_assert(unit > 0 && most >= unit && most % unit == 0);
    ok = try_ladder(&search, error) && settle(&search, error);
    summarize(&search, found);
    g_array_unref(search.tried);
    return ok;
}

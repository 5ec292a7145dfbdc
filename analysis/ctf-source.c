/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctf-source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "metadata.h"
#include "trace.h"

/* Levels of folders below the one named; LTTng's are five deep. */
#define DEPTH_MAX 16

/* babeltrace2 says all that is needed in its errors; none of it goes to
 * stderr. */
#define LOG_LEVEL BT_LOGGING_LEVEL_NONE

/* What a person has no use for: where things lie in memory. */
static char *without_addresses(const char *text)
{
    g_autoptr(GRegex) addresses =
        g_regex_new("(: |, )?[a-z-]+-addr=(0x[0-9a-f]+|\\(nil\\))", 0, 0, NULL);
    char *result = g_regex_replace_literal(addresses, text, -1, 0, "", 0, NULL);

    return result ? result : g_strdup(text);
}

void sgb_ctf_set_error(GError **error, int code, const char *folder,
                       const char *what)
{
    const bt_error *e = bt_current_thread_take_error();
    g_autofree char *cause = NULL;

    /* The first cause is where it began, the others tell who passed it on. */
    if (e && bt_error_get_cause_count(e) > 0) {
        cause = without_addresses(
            bt_error_cause_get_message(bt_error_borrow_cause_by_index(e, 0)));
        g_strdelimit(cause, "\r\n\t", ' ');
        g_strchomp(cause);
    }
    if (e) {
        bt_error_release(e);
    }
    g_set_error(error, SGB_TRACE_ERROR, code, "%s: %s%s%s", folder, what,
                cause ? ": " : "", cause ? cause : "");
}

/* Collect the folders with a file called "metadata" at and below @path. */
static void find_traces(const char *path, unsigned depth, GPtrArray *found)
{
    g_autofree char *metadata = g_build_filename(path, "metadata", NULL);
    g_autoptr(GDir) dir = NULL;
    const char *name;

    if (g_file_test(metadata, G_FILE_TEST_IS_REGULAR)) {
        g_ptr_array_add(found, g_strdup(path));
    }
    dir = depth < DEPTH_MAX ? g_dir_open(path, 0, NULL) : NULL;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *below = g_build_filename(path, name, NULL);
        struct stat st;

        /* Links are not followed, they could lead in circles. */
        if (lstat(below, &st) == 0 && S_ISDIR(st.st_mode)) {
            find_traces(below, depth + 1, found);
        }
    }
}

static int compare_strings(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Ask source.ctf.fs about @folder; NULL if it has no answer. */
static const bt_value *query(const bt_component_class_source *class,
                             const char *object, const char *key,
                             const char *folder)
{
    bt_value *params = bt_value_map_create();
    bt_query_executor *executor;
    const bt_value *result = NULL;

    if (strcmp(key, "input") == 0) {
        bt_value_map_insert_string_entry(params, "type", "directory");
    }
    bt_value_map_insert_string_entry(params, key, folder);
    executor = bt_query_executor_create(
        bt_component_class_source_as_component_class_const(class), object,
        params);
    if (executor) {
        bt_query_executor_set_logging_level(executor, LOG_LEVEL);
        if (bt_query_executor_query(executor, &result) !=
            BT_QUERY_EXECUTOR_QUERY_STATUS_OK) {
            result = NULL;
        }
    }
    bt_query_executor_put_ref(executor);
    bt_value_put_ref(params);
    return result;
}

/* The parts of one logical trace carry the same UUID and must be read by one
 * component; everything else must not. */
static char *group_of(const bt_component_class_source *class,
                      const char *folder)
{
    const bt_value *info =
        query(class, "babeltrace.support-info", "input", folder);
    const bt_value *group = NULL;
    char *result;

    bt_current_thread_clear_error();
    if (info && bt_value_is_map(info)) {
        group = bt_value_map_borrow_entry_value_const(info, "group");
    }
    result = group && bt_value_is_string(group)
                 ? g_strconcat("uuid ", bt_value_string_get(group), NULL)
                 : g_strconcat("path ", folder, NULL);
    bt_value_put_ref(info);
    return result;
}

static gboolean connect_all(bt_graph *graph, const bt_component_source *source,
                            const bt_component_filter *muxer,
                            const char *folder, GError **error)
{
    uint64_t ports = bt_component_source_get_output_port_count(source);

    for (uint64_t i = 0; i < ports; i++) {
        /* The muxer always has one more input that is free. */
        uint64_t last = bt_component_filter_get_input_port_count(muxer) - 1;

        if (bt_graph_connect_ports(
                graph,
                bt_component_source_borrow_output_port_by_index_const(source,
                                                                      i),
                bt_component_filter_borrow_input_port_by_index_const(muxer,
                                                                     last),
                NULL) != BT_GRAPH_CONNECT_PORTS_STATUS_OK) {
            sgb_ctf_set_error(error, SGB_TRACE_ERROR_OPEN, folder,
                              "can't read this trace");
            return FALSE;
        }
    }
    return TRUE;
}

/* Add one component that reads @folders (char *), all of one group. */
static gboolean add_source(bt_graph *graph,
                           const bt_component_class_source *class,
                           GPtrArray *folders, const bt_component_filter *muxer,
                           GError **error)
{
    const char *first = g_ptr_array_index(folders, 0);
    g_autofree char *name = g_strconcat("ctf ", first, NULL);
    const bt_component_source *source;
    bt_value *params = bt_value_map_create();
    bt_value *inputs = NULL;
    bt_graph_add_component_status status;

    for (unsigned i = 0; i < folders->len; i++) {
        const char *folder = g_ptr_array_index(folders, i);
        const bt_value *info = query(class, "metadata-info", "path", folder);

        if (!info) {
            sgb_ctf_set_error(error, SGB_TRACE_ERROR_OPEN, folder,
                              "not a trace");
            bt_value_put_ref(params);
            return FALSE;
        }
        bt_value_put_ref(info);
    }

    bt_value_map_insert_empty_array_entry(params, "inputs", &inputs);
    for (unsigned i = 0; i < folders->len; i++) {
        bt_value_array_append_string_element(inputs,
                                             g_ptr_array_index(folders, i));
    }
    /* Clocks of several hosts are told apart by their origin. */
    bt_value_map_insert_bool_entry(
        params, "force-clock-class-origin-unix-epoch", BT_TRUE);
    status = bt_graph_add_source_component(graph, class, name, params,
                                           LOG_LEVEL, &source);
    bt_value_put_ref(params);
    if (status != BT_GRAPH_ADD_COMPONENT_STATUS_OK) {
        sgb_ctf_set_error(error, SGB_TRACE_ERROR_DAMAGED, first,
                          "this trace is cut off or damaged");
        return FALSE;
    }
    return connect_all(graph, source, muxer, first, error);
}

static gboolean add_groups(bt_graph *graph,
                           const bt_component_class_source *class,
                           GPtrArray *found, const bt_component_filter *muxer,
                           GError **error)
{
    g_autoptr(GPtrArray) groups =
        g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    g_autoptr(GHashTable) by_name =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (unsigned i = 0; i < found->len; i++) {
        char *folder = g_ptr_array_index(found, i);
        g_autofree char *name = group_of(class, folder);
        GPtrArray *group = g_hash_table_lookup(by_name, name);

        if (!group) {
            group = g_ptr_array_new();
            g_ptr_array_add(groups, group);
            g_hash_table_insert(by_name, g_steal_pointer(&name), group);
        }
        g_ptr_array_add(group, folder);
    }
    for (unsigned i = 0; i < groups->len; i++) {
        if (!add_source(graph, class, g_ptr_array_index(groups, i), muxer,
                        error)) {
            return FALSE;
        }
    }
    return TRUE;
}

static const bt_plugin *find_plugin(const char *name, GError **error)
{
    const bt_plugin *plugin = NULL;
    g_autofree char *what =
        g_strconcat("babeltrace2's plugin \"", name, "\"", NULL);

    if (bt_plugin_find(name, BT_TRUE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE,
                       &plugin) != BT_PLUGIN_FIND_STATUS_OK) {
        sgb_ctf_set_error(error, SGB_TRACE_ERROR_OPEN, what, "can't be loaded");
        return NULL;
    }
    return plugin;
}

/* The traces of a folder. */
static gboolean find_in_folder(const char *path, GPtrArray *found,
                               GError **error)
{
    unsigned before = found->len;
    struct stat st;

    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
        g_set_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_OPEN,
                    "%s: can't open this trace: %s", path,
                    g_strerror(access(path, F_OK) < 0 ? errno : ENOTDIR));
        return FALSE;
    }
    find_traces(path, 0, found);
    if (found->len == before) {
        g_set_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_OPEN,
                    "%s: not a trace: no file \"metadata\" in or below it",
                    path);
        return FALSE;
    }
    return TRUE;
}

gboolean sgb_trace_is_live(const char *input)
{
    return g_str_has_prefix(input, "net://") ||
           g_str_has_prefix(input, "net4://") ||
           g_str_has_prefix(input, "net6://");
}

/* The addresses of the sessions at relay daemon @url, with commas; NULL with
 * an error of babeltrace2's if there is no answer. */
static char *list_sessions(const bt_component_class_source *class,
                           const char *url)
{
    const bt_value *answer = query(class, "sessions", "url", url);
    GString *list;

    if (!answer || !bt_value_is_array(answer)) {
        bt_value_put_ref(answer);
        return NULL;
    }
    list = g_string_new(NULL);
    for (uint64_t i = 0; i < bt_value_array_get_length(answer); i++) {
        const bt_value *session =
            bt_value_array_borrow_element_by_index_const(answer, i);
        const bt_value *address =
            bt_value_is_map(session)
                ? bt_value_map_borrow_entry_value_const(session, "url")
                : NULL;

        if (address && bt_value_is_string(address)) {
            g_string_append_printf(list, "%s%s", list->len ? ", " : "",
                                   bt_value_string_get(address));
        }
    }
    bt_value_put_ref(answer);
    return g_string_free(list, FALSE);
}

/* net://HOST[:PORT] and nothing behind it, but a slash. */
static gboolean names_no_session(const char *url)
{
    const char *path = strchr(strstr(url, "://") + 3, '/');

    return !path || !path[1];
}

static gboolean add_live(bt_graph *graph,
                         const bt_component_class_source *class,
                         const char *url, const bt_component_filter *muxer,
                         GError **error)
{
    g_autofree char *name = g_strconcat("live ", url, NULL);
    g_autofree char *sessions = NULL;
    const bt_component_source *source;
    bt_value *params, *inputs;
    bt_graph_add_component_status status;

    if (names_no_session(url)) {
        sessions = list_sessions(class, url);
        if (!sessions) {
            sgb_ctf_set_error(error, SGB_TRACE_ERROR_LIVE, url,
                              "no answer of a relay daemon");
        } else {
            g_set_error(error, SGB_TRACE_ERROR, SGB_TRACE_ERROR_LIVE,
                        "%s: which session? There %s", url,
                        *sessions ? sessions : "is none");
        }
        return FALSE;
    }
    params = bt_value_map_create();
    bt_value_map_insert_empty_array_entry(params, "inputs", &inputs);
    bt_value_array_append_string_element(inputs, url);
    bt_value_map_insert_string_entry(params, "session-not-found-action",
                                     "fail");
    status = bt_graph_add_source_component(graph, class, name, params,
                                           LOG_LEVEL, &source);
    bt_value_put_ref(params);
    if (status != BT_GRAPH_ADD_COMPONENT_STATUS_OK) {
        sgb_ctf_set_error(error, SGB_TRACE_ERROR_LIVE, url,
                          "the session can't be followed");
        return FALSE;
    }
    return connect_all(graph, source, muxer, url, error);
}

static gboolean add_inputs(bt_graph *graph, const bt_plugin *ctf,
                           const char *const *inputs,
                           const bt_component_filter *muxer, GError **error)
{
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);

    for (const char *const *input = inputs; *input; input++) {
        gboolean ok =
            sgb_trace_is_live(*input)
                ? add_live(
                      graph,
                      bt_plugin_borrow_source_component_class_by_name_const(
                          ctf, "lttng-live"),
                      *input, muxer, error)
                : find_in_folder(*input, found, error);

        if (!ok) {
            return FALSE;
        }
    }
    for (unsigned i = 0; i < found->len; i++) {
        if (!sgb_metadata_check(g_ptr_array_index(found, i), error)) {
            return FALSE;
        }
    }
    g_ptr_array_sort(found, compare_strings);
    return add_groups(
        graph, bt_plugin_borrow_source_component_class_by_name_const(ctf, "fs"),
        found, muxer, error);
}

const bt_port_output *
sgb_ctf_add_sources(bt_graph *graph, const char *const *inputs, GError **error)
{
    const bt_plugin *ctf = NULL, *utils = NULL;
    const bt_port_output *port = NULL;
    const bt_component_filter *muxer;

    ctf = find_plugin("ctf", error);
    utils = ctf ? find_plugin("utils", error) : NULL;
    if (!utils) {
        goto out;
    }
    if (bt_graph_add_filter_component(
            graph,
            bt_plugin_borrow_filter_component_class_by_name_const(utils,
                                                                  "muxer"),
            "muxer", NULL, LOG_LEVEL,
            &muxer) != BT_GRAPH_ADD_COMPONENT_STATUS_OK) {
        sgb_ctf_set_error(error, SGB_TRACE_ERROR_OPEN, inputs[0],
                          "can't merge its streams");
        goto out;
    }
    if (add_inputs(graph, ctf, inputs, muxer, error)) {
        port = bt_component_filter_borrow_output_port_by_index_const(muxer, 0);
    }
out:
    bt_plugin_put_ref(utils);
    bt_plugin_put_ref(ctf);
    return port;
}

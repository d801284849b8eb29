// libpq, PostgreSQL's own client, found when it is first needed: a node on SQLite needs none of its shared objects, and
// building needs no headers of it. What is declared here is the part of libpq-fe.h (PostgreSQL 14 and later) in use.
#ifndef ONEBEAT_LIBPQ_H
#define ONEBEAT_LIBPQ_H

#include <stddef.h>

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef struct pg_cancel PGcancel;
typedef unsigned int Oid;
typedef void (*PQnoticeReceiver)(void *arg, const PGresult *result);

typedef struct pgNotify {
    char *relname;
    int be_pid;
    char *extra;
    struct pgNotify *next;
} PGnotify;

typedef struct {
    char *keyword;
    char *envvar;
    char *compiled;
    char *val;
    char *label;
    char *dispchar;
    int dispsize;
} PQconninfoOption;

enum {
    pq_connection_ok = 0,
    pq_empty_query = 0,
    pq_command_ok = 1,
    pq_tuples_ok = 2,
    pq_errors_verbose = 2,
    pq_pipeline_sync = 10,
    pq_pipeline_aborted = 11,
};

/// Loads the library, once. Nothing below may be called before it said that all is well.
/// Returns NULL, or why it cannot be used.
const char *libpq_load(void);

// Each pq_x below is libpq's PQx.
#define LIBPQ_FUNCTIONS(X)                                                                                           \
    X(PGconn *, connectdbParams, (const char *const *keywords, const char *const *values, int expand),               \
      (keywords, values, expand))                                                                                    \
    X(int, setErrorVerbosity, (PGconn * connection, int verbosity), (connection, verbosity))                         \
    X(void, reset, (PGconn * connection), (connection))                                                              \
    X(void, finish, (PGconn * connection), (connection))                                                             \
    X(int, status, (const PGconn *connection), (connection))                                                         \
    X(char *, errorMessage, (const PGconn *connection), (connection))                                                \
    X(int, socket, (const PGconn *connection), (connection))                                                         \
    X(int, backendPID, (const PGconn *connection), (connection))                                                     \
    X(PQnoticeReceiver, setNoticeReceiver, (PGconn * connection, PQnoticeReceiver receiver, void *arg),              \
      (connection, receiver, arg))                                                                                   \
    X(int, setnonblocking, (PGconn * connection, int on), (connection, on))                                          \
    X(int, enterPipelineMode, (PGconn * connection), (connection))                                                   \
    X(int, pipelineSync, (PGconn * connection), (connection))                                                        \
    X(int, sendPrepare,                                                                                              \
      (PGconn * connection, const char *name, const char *sql, int count, const Oid *types),                         \
      (connection, name, sql, count, types))                                                                         \
    X(int, sendQueryParams,                                                                                          \
      (PGconn * connection, const char *sql, int count, const Oid *types, const char *const *values,                 \
       const int *lengths, const int *formats, int format),                                                          \
      (connection, sql, count, types, values, lengths, formats, format))                                             \
    X(int, sendQueryPrepared,                                                                                        \
      (PGconn * connection, const char *name, int count, const char *const *values, const int *lengths,              \
       const int *formats, int format),                                                                              \
      (connection, name, count, values, lengths, formats, format))                                                   \
    X(int, flush, (PGconn * connection), (connection))                                                               \
    X(int, consumeInput, (PGconn * connection), (connection))                                                        \
    X(int, isBusy, (PGconn * connection), (connection))                                                              \
    X(PGresult *, getResult, (PGconn * connection), (connection))                                                    \
    X(PGnotify *, notifies, (PGconn * connection), (connection))                                                     \
    X(PGcancel *, getCancel, (PGconn * connection), (connection))                                                    \
    X(int, cancel, (PGcancel * cancel, char *error, int size), (cancel, error, size))                                \
    X(void, freeCancel, (PGcancel * cancel), (cancel))                                                               \
    X(int, resultStatus, (const PGresult *result), (result))                                                         \
    X(char *, resultErrorField, (const PGresult *result, int field), (result, field))                                \
    X(char *, resultErrorMessage, (const PGresult *result), (result))                                                \
    X(char *, cmdStatus, (PGresult * result), (result))                                                              \
    X(char *, cmdTuples, (PGresult * result), (result))                                                              \
    X(int, ntuples, (const PGresult *result), (result))                                                              \
    X(int, getisnull, (const PGresult *result, int row, int column), (result, row, column))                          \
    X(int, getlength, (const PGresult *result, int row, int column), (result, row, column))                          \
    X(char *, getvalue, (const PGresult *result, int row, int column), (result, row, column))                        \
    X(void, clear, (PGresult * result), (result))                                                                    \
    X(void, freemem, (void *memory), (memory))                                                                       \
    X(PQconninfoOption *, conninfoParse, (const char *text, char **error), (text, error))                            \
    X(void, conninfoFree, (PQconninfoOption * options), (options))

#define LIBPQ_DECLARE(result, name, parameters, arguments) result pq_##name parameters;
LIBPQ_FUNCTIONS(LIBPQ_DECLARE)
#undef LIBPQ_DECLARE

#endif

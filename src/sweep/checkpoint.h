/* checkpoint.h - the rows of a sweep as they finish, so that a killed sweep goes on (W4).
 *
 *     magic, u32 length, identity, u64 sum        identity: canonical JSON of what the rows depend
 * on u32 length, u64 sum, row                    one per finished row, in the order they finished
 *
 * Sums are XXH3. A file that was cut off or damaged ends at its last sound record; the rest is
 * dropped and those rows run again. Records are written as they come and synced once a second:
 * a kill loses at most the rows of the last write, a power cut those of the last second. One
 * process at a time (a lock on the file). Numbers are little-endian: the file stays on machines of
 * one kind, and is made anew at will. */
#ifndef PP_SWEEP_CHECKPOINT_H
#define PP_SWEEP_CHECKPOINT_H

#include "base/file.h"
#include "sweep/rows.h"

typedef struct pp_checkpoint pp_checkpoint;

/* Opens or begins the file. Rows that stand in it are put into rows[] and counted in *n_resumed.
 * NULL with an error: E_CHECKPOINT when it belongs to another identity (naming what changed) or to
 * another sweep at work, E_FILE. `restart` begins anew whatever is there. */
pp_checkpoint *pp_checkpoint_open(pp_diags *d, const char *path, const char *identity, bool restart,
                                  const pp_row_layout *l, pp_row *rows, size_t n_rows,
                                  size_t *n_resumed);

/* Appends one finished row; any thread, scratch is the caller's own arena. A failure to write is
 * kept for pp_checkpoint_sync(). */
void pp_checkpoint_add(pp_checkpoint *c, pp_arena *scratch, size_t index, const pp_row *row);
/* Everything on disk. False with E_FILE if this or an earlier write failed. */
bool pp_checkpoint_sync(pp_diags *d, pp_checkpoint *c);
/* Gives the file free. Not needed: the arena does it too. */
void pp_checkpoint_close(pp_checkpoint *c);

#endif

/* file.h - a sweep written down: a YAML file that names a Play and holds a `sweep:` map (W1).
 *
 *     play: ema_cross.yml            # from the folder of this file
 *     set: {risk: 1.5}               # optional, as --set
 *     sweep:
 *       vary: {fast: 5:50:5, slow: [20, 50, 100]}
 *       where: fast < slow           # or a list, all of which must hold
 *       sample: 500
 *       seed: 7
 *       objective: sharpe
 *       keep_top: 3 */
#ifndef PP_SWEEP_FILE_H
#define PP_SWEEP_FILE_H

#include "sweep/sweep.h"

/* Fills vary, where, sample, seed, objective, keep_top, their places and the job's sets of req, and
 * *play, the path of the Play. *is_sweep is false, and nothing is read, when the text has no
 * `sweep:` at top level: it is a Play then. False with errors in d. */
bool pp_sweep_file_read(pp_diags *d, const char *file, const char *text, size_t size,
                        pp_sweep_request *req, const char **play, bool *is_sweep);

#endif

/*
 * postern plugin ABI.
 *
 * This header gives the root structs. Interfaces are headers of their own;
 * those under draft/ may still change between releases, and are frozen, with
 * the id that they have now, when they leave it.
 *
 * How the ABI grows:
 *   root structs (entry, host, plugin)  begin with `size`, grow at the end
 *   interfaces ("postern.channel/1")    never change; a change is a new id
 *   records (postern_start, ...)        begin with `size` and `kind`; grow at
 *                                       the end, kinds not known are skipped
 * A number that selects something (a getter's `what`, a stream, a reason) comes
 * from a list that only grows.
 */
#ifndef POSTERN_POSTERN_H
#define POSTERN_POSTERN_H

#include "host.h"
#include "plugin.h"
#include "result.h"

#endif

/*
 * Numbers of MSG_SPAWN, shared by a user's hosts and their login's leader.
 */
#ifndef POSTERN_CONTROL_SPAWNMSG_H
#define POSTERN_CONTROL_SPAWNMSG_H

#define SPAWN_F_LOGIN 0x1u      /* a shell: greeted on a terminal */
#define SPAWN_F_RC 0x2u         /* the user's or the machine's rc file comes first */
#define SPAWN_F_SUBSYSTEM 0x4u  /* but not the user's */
#define SPAWN_F_ABI (SPAWN_F_LOGIN | SPAWN_F_RC | SPAWN_F_SUBSYSTEM) /* as the plugin says them */
#define SPAWN_F_NULL 0x100u     /* << i: descriptor i of the program is /dev/null */

#define SPAWN_ARGS_MAX 4096u    /* argv and environment together */

#endif

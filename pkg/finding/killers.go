package finding

import (
	"fmt"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// killers are programs that kill others for somebody else, and why they do.
var killers = map[string]string{
	"kill":            "Find out who ran kill: a script, cron, a supervisor, or a person",
	"pkill":           "Find out who ran pkill: a script, cron, a supervisor, or a person",
	"killall":         "Find out who ran killall: a script, cron, a supervisor, or a person",
	"timeout":         "Find out which command ran it under timeout(1), and raise that limit: it had run out",
	"systemd":         "Look at the unit in systemd (systemctl status): a stop that took longer than TimeoutStopSec (90 s by default), a watchdog, or its memory limit",
	"systemd-oomd":    "Give the unit more memory: systemd-oomd kills what makes memory short (oomctl, journalctl -u systemd-oomd)",
	"earlyoom":        "Give it more memory: earlyoom kills what uses most when memory is short (its journal)",
	"dockerd":         "Find out who stopped the container: docker stop and restart kill after 10 s; a failed health check may be the reason",
	"containerd-shim": "Find out who stopped the container: the engine kills after its grace period; a failed liveness probe may be the reason",
	"runc":            "Find out who stopped the container: the engine kills after its grace period; a failed liveness probe may be the reason",
	"crun":            "Find out who stopped the container: the engine kills after its grace period; a failed liveness probe may be the reason",
	"conmon":          "Find out who stopped the container: podman stop kills after 10 s",
	"kubelet":         "Look at the events of the pod (kubectl describe pod): a failed liveness probe, an eviction, or a rollout",
	"gunicorn":        "Look at gunicorn's --timeout (30 s by default): its master kills a worker that is silent for longer",
}

// killedBy advises on a program that killed another one.
func killedBy(killer *event.Killer) string {
	if known := killers[killer.Comm]; known != "" {
		return known
	}
	return fmt.Sprintf("Find out what made %s[%d] send the signal: a script, a supervisor, a time limit, or a person", killer.Comm, killer.PID)
}

package node

import (
	"fmt"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// prepare makes the namespaces a machine of its own: host name, mounts and
// network. It must run once, before any component.
func prepare(layout Layout) error {
	if err := unix.Sethostname([]byte(Name)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	for _, dir := range []string{layout.varLib(), layout.varLog(), layout.Logs()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("create folder: %w", err)
		}
	}
	if err := mounts(layout); err != nil {
		return err
	}
	return network()
}

// mount is one call of mount(2).
type mount struct {
	source, target, kind, data string
	flags                      uintptr
	needs                      string // what to look for when it is refused
}

// mounts replaces what must not be shared with the host. Nothing is written to
// the host's cgroups: one fresh cgroup2 mount serves hosts of either version,
// because kubelet and containerd are told not to use cgroups.
func mounts(layout Layout) error {
	all := []mount{
		{target: "/", flags: unix.MS_REC | unix.MS_SHARED},
		{source: "proc", target: "/proc", kind: "proc", needs: "a /proc that nothing is mounted over"},
		{source: "sysfs", target: "/sys", kind: "sysfs", needs: "a /sys that nothing is mounted over"},
		{source: "cgroup2", target: "/sys/fs/cgroup", kind: "cgroup2", needs: "a kernel with CONFIG_CGROUPS and cgroup namespaces"},
		{source: "tmpfs", target: "/run", kind: "tmpfs", data: "mode=755"},
		{source: layout.varLib(), target: "/var/lib", flags: unix.MS_BIND},
		{source: layout.varLog(), target: "/var/log", flags: unix.MS_BIND},
	}
	for _, m := range all {
		if err := unix.Mount(m.source, m.target, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s on %s: %w%s", m.source, m.target, err, hint(m.needs))
		}
	}
	for _, dir := range []string{"/run/netns", "/run/lock"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("create folder: %w", err)
		}
	}
	return nil
}

// network gives the namespace its interface and routes. The node's address is
// on one end of a veth pair whose other end is here too: a dummy interface
// would need a module that not every kernel has.
func network() error {
	commands := []string{
		"link set lo up",
		"link add node0 type veth peer name node0p",
		"addr add " + IP + "/24 dev node0",
		"addr add " + OutsideIP + "/32 dev node0",
		"link set node0 up",
		"link set node0p up",
		"route add default via " + gateway + " dev node0",
	}
	for _, command := range commands {
		out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput() //nolint:noctx // Nothing can cancel the start of pid 1's only child.
		if err != nil {
			return fmt.Errorf("run ip %s: %w: %s%s", command, err, strings.TrimSpace(string(out)), hint("a kernel with CONFIG_VETH"))
		}
	}
	sysctls := []struct{ key, needs string }{
		{key: "net/ipv4/ip_forward"},
		{key: "net/bridge/bridge-nf-call-iptables", needs: "a kernel with br_netfilter: as root, modprobe br_netfilter"},
	}
	for _, s := range sysctls {
		if err := os.WriteFile("/proc/sys/"+s.key, []byte("1"), 0); err != nil {
			return fmt.Errorf("set sysctl %s: %w%s", s.key, err, hint(s.needs))
		}
	}
	return nil
}

func hint(needs string) string {
	if needs == "" {
		return ""
	}
	return " (it needs " + needs + ")"
}

package local

import (
	"bufio"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"

	"github.com/meshloom/meshloom/test/cluster/node"
)

// idCount is how many ids a cluster has: pods use any of 0 to 65535.
const idCount = 65536

// ids says which ids of the machine a cluster's own ids are.
type ids struct {
	user, group span
}

// span is a map of one kind of id: the cluster's 0 is first, its 1 and the
// following begin at rest.
type span struct{ first, rest int }

// idsFor returns the ids of a cluster. Those of root's clusters are far above
// any that are in use and differ from cluster to cluster, since the kernel
// counts keys, watches and processes per id. An ordinary user's are the user
// itself and the subordinate ids that the system gives to the user.
func idsFor(name string) (ids, error) {
	if os.Getuid() == 0 {
		first := 1<<30 + int(crc32.ChecksumIEEE([]byte(name))%4096)*idCount
		s := span{first: first, rest: first + 1}
		return ids{user: s, group: s}, nil
	}
	me, err := user.Current()
	if err != nil {
		return ids{}, fmt.Errorf("find this user: %w", err)
	}
	users, err := subordinate("/etc/subuid", me)
	if err != nil {
		return ids{}, err
	}
	groups, err := subordinate("/etc/subgid", me)
	if err != nil {
		return ids{}, err
	}
	return ids{user: span{first: os.Getuid(), rest: users}, group: span{first: os.Getgid(), rest: groups}}, nil
}

// subordinate finds the first of at least idCount-1 ids that a file gives to a
// user.
func subordinate(path string, me *user.User) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, fmt.Errorf("find subordinate ids: %w", err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) != 3 || fields[0] != me.Username && fields[0] != me.Uid {
			continue
		}
		first, err := strconv.Atoi(fields[1])
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", path, err)
		}
		if count, err := strconv.Atoi(fields[2]); err == nil && count >= idCount-1 {
			return first, nil
		}
	}
	return 0, fmt.Errorf("find subordinate ids: %s gives user %s no range of %d: as root, usermod --add-subuids 300000-365535 --add-subgids 300000-365535 %s",
		path, me.Username, idCount, me.Username)
}

// start starts a command in new namespaces, lets it wait until they have their
// id map, and hands it files from the third on.
func (i ids) start(cmd *exec.Cmd, flags uintptr, files []*os.File) error {
	wait, release, err := os.Pipe()
	if err != nil {
		return err
	}
	defer wait.Close()
	defer release.Close()
	cmd.ExtraFiles = append([]*os.File{wait}, files...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags, Setsid: true}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = i.user.mappings(), i.group.mappings()
		cmd.SysProcAttr.GidMappingsEnableSetgroups = true
		cmd.SysProcAttr.Credential = &syscall.Credential{}
		return cmd.Start()
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for helper, s := range map[string]span{"newuidmap": i.user, "newgidmap": i.group} {
		if err := s.write(helper, cmd.Process.Pid); err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return err
		}
	}
	return nil
}

func (s span) mappings() []syscall.SysProcIDMap {
	return []syscall.SysProcIDMap{{ContainerID: 0, HostID: s.first, Size: 1}, {ContainerID: 1, HostID: s.rest, Size: idCount - 1}}
}

// write has a setuid helper of the system write the map, which an ordinary
// user may not.
func (s span) write(helper string, pid int) error {
	args := []string{strconv.Itoa(pid)}
	for _, m := range s.mappings() {
		args = append(args, strconv.Itoa(m.ContainerID), strconv.Itoa(m.HostID), strconv.Itoa(m.Size))
	}
	if out, err := exec.Command(helper, args...).CombinedOutput(); err != nil { //nolint:noctx // It takes milliseconds.
		return fmt.Errorf("run %s: %w: %s", helper, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// removeMapped removes a state folder from inside a user namespace in which
// the ids of the cluster's files are known.
func removeMapped(layout node.Layout) error {
	mapped, err := idsFor("")
	if err != nil {
		return err
	}
	cmd := exec.Command(layout.Program(), layout.Args("remove")...) //nolint:noctx // It must not stop half way.
	cmd.Stderr = os.Stderr
	if err := mapped.start(cmd, syscall.CLONE_NEWUSER, nil); err != nil {
		return err
	}
	return cmd.Wait()
}

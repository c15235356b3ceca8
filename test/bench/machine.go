package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// Machine says where the numbers were measured: they mean little without it.
type Machine struct {
	Go   string `json:"go"`
	CPUs int    `json:"cpus"`
	// Load is the system's load over the last minute when the run began: above
	// the number of CPUs it makes all times longer, ours and the peers'.
	Load string `json:"load,omitempty"`
	// Time is when the run began.
	Time string `json:"time"`
}

func machine() Machine {
	m := Machine{Go: runtime.Version(), CPUs: runtime.GOMAXPROCS(0), Time: time.Now().UTC().Format(time.RFC3339)}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(text), " ")
	}
	return m
}

func (m Machine) String() string {
	return fmt.Sprintf("%s, %d CPUs, load %s", m.Go, m.CPUs, m.Load)
}

// cpuTime is the time that this process has had on CPUs: what others do on the
// machine hardly changes it.
func cpuTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

// heap is the memory in KiB that is in use once all that can go is gone.
func heap() float64 {
	// Twice, because pools give up what they hold at the second.
	runtime.GC()
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc) / 1024
}

package load

import (
	"maps"
	"slices"
	"strconv"
)

// Args are the arguments with which the command, in a pod, does what Run does
// here with the same options. Dial and RootCAs have none.
func (o Options) Args() []string {
	args := []string{"run"}
	add := func(flag, value string) {
		if value != "" {
			args = append(args, flag+"="+value)
		}
	}
	if o.Requests > 0 {
		add("-n", strconv.Itoa(o.Requests))
	}
	if o.Concurrency > 0 {
		add("-c", strconv.Itoa(o.Concurrency))
	}
	if o.Pause > 0 {
		add("-pause", o.Pause.String())
	}
	if o.Timeout > 0 {
		add("-timeout", o.Timeout.String())
	}
	add("-X", o.Method)
	add("-host", o.Host)
	add("-d", o.Body)
	for _, name := range slices.Sorted(maps.Keys(o.Header)) {
		for _, value := range o.Header[name] {
			add("-H", name+": "+value)
		}
	}
	for _, name := range o.By {
		add("-by", name)
	}
	add("-address", o.Client.Address)
	add("-server-name", o.Client.ServerName)
	for flag, on := range map[string]bool{
		"-new-connections": o.Client.NewConnections, "-http2": o.Client.HTTP2, "-insecure": o.Client.Insecure,
	} {
		if on {
			args = append(args, flag)
		}
	}
	return append(args, o.URL)
}

// Args are the arguments with which the command, in a pod, does what Raw does
// here with the same options. Dial has none.
func (o RawOptions) Args() []string {
	args := []string{"raw", "-n=" + strconv.Itoa(max(o.Times, 1))}
	if o.Send != "" {
		args = append(args, "-send="+o.Send)
	}
	if o.Timeout > 0 {
		args = append(args, "-timeout="+o.Timeout.String())
	}
	return append(args, o.Address)
}

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/meshloom/meshloom/test/cluster/local"
	"github.com/meshloom/meshloom/test/cluster/node"
)

// app is what the commands share.
type app struct{ name string }

func newCommand() *cobra.Command {
	a := &app{}
	root := &cobra.Command{
		Use:           "cluster",
		Short:         "Run a real Kubernetes of one node on this machine, without Docker",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          usage(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVar(&a.name, "name", local.DefaultName, "name of the cluster; several live side by side")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(a.up(), a.down(), a.status(), a.list(), a.kubeconfig(), a.loadImage(), a.exec())
	return root
}

// usage marks the errors of an argument check as mistakes of the caller.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

func (a *app) up() *cobra.Command {
	var pause string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Bring the cluster up, which builds Kubernetes the first time, and print its kubeconfig's path",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			program, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find this program: %w", err)
			}
			c, err := local.Up(cmd.Context(), local.Options{Name: a.name, Progress: cmd.ErrOrStderr(), Program: program, Pause: pause})
			if errors.Is(err, local.ErrUp) {
				fmt.Fprintf(cmd.ErrOrStderr(), "cluster %s is up already\n", a.name)
				return a.printKubeconfig(cmd.OutOrStdout())
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), c.Kubeconfig())
			return nil
		},
	}
	cmd.Flags().StringVar(&pause, "pause", "", "built test/cluster/pause; is built where empty")
	return cmd
}

func (a *app) printKubeconfig(w io.Writer) error {
	c, err := local.Open(a.name)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, c.Kubeconfig())
	return nil
}

func (a *app) down() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End the cluster and remove everything of it",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return local.Down(cmd.Context(), a.name)
		},
	}
}

func (a *app) kubeconfig() *cobra.Command {
	return &cobra.Command{
		Use:   "kubeconfig",
		Short: "Print the path of a kubeconfig that works from this machine",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.printKubeconfig(cmd.OutOrStdout())
		},
	}
}

func (a *app) loadImage() *cobra.Command {
	return &cobra.Command{
		Use:   "load-image FILE.tar...",
		Short: "Load image archives, for pods with imagePullPolicy Never or IfNotPresent",
		Args:  usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := local.Open(a.name)
			if err != nil {
				return err
			}
			for _, archive := range args {
				if err := c.LoadImage(cmd.Context(), archive); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func (a *app) exec() *cobra.Command {
	return &cobra.Command{
		Use:   "exec -- COMMAND...",
		Short: "Run a command on the node; the exit code is the command's",
		Args:  usage(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := local.Open(a.name)
			if err != nil {
				return err
			}
			inside := c.Command(cmd.Context(), args...)
			inside.Stdin, inside.Stdout, inside.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			return inside.Run()
		},
	}
}

func (a *app) list() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the clusters that are up",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			clusters, err := local.List()
			if err != nil {
				return err
			}
			return table(cmd.OutOrStdout(), "NAME\tPID\tKUBECONFIG", clusters, func(c *local.Cluster) string {
				return fmt.Sprintf("%s\t%d\t%s", c.Name(), c.Pid(), c.Kubeconfig())
			})
		},
	}
}

func (a *app) status() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show components and LoadBalancer addresses with the loopback ports that lead to them",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "table" && output != "json" {
				return usageError{fmt.Errorf("output %q: want table or json", output)}
			}
			c, err := local.Open(a.name)
			if err != nil {
				return err
			}
			status, err := c.Status(cmd.Context())
			if err != nil {
				return err
			}
			if output == "table" {
				return printStatus(cmd.OutOrStdout(), c, status)
			}
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetIndent("", "  ")
			return encoder.Encode(status)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}

func printStatus(w io.Writer, c *local.Cluster, status node.Status) error {
	ready := "ready"
	if !status.Ready {
		ready = "waiting for " + status.Waiting
	}
	fmt.Fprintf(w, "cluster %s: %s\nkubeconfig: %s\nlogs: %s\n\n", c.Name(), ready, c.Kubeconfig(), c.Logs())
	return printTables(w, status)
}

func printTables(w io.Writer, status node.Status) error {
	err := table(w, "COMPONENT\tRUNNING\tRESTARTS", status.Components, func(c node.Component) string {
		return fmt.Sprintf("%s\t%t\t%d", c.Name, c.Running, c.Restarts)
	})
	if err != nil || len(status.LoadBalancers) == 0 {
		return err
	}
	fmt.Fprintln(w)
	return table(w, "LOADBALANCER\tADDRESS\tFROM OUTSIDE", status.LoadBalancers, func(lb node.LoadBalancer) string {
		return fmt.Sprintf("%s\t%s\t%s", lb.Service, lb.Address, lb.Relay)
	})
}

// table prints one line for each row below a header, in columns.
func table[T any](w io.Writer, header string, rows []T, line func(T) string) error {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(columns, header)
	for _, row := range rows {
		fmt.Fprintln(columns, line(row))
	}
	return columns.Flush()
}

package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/daemon"
)

func newServe() *cobra.Command {
	var o daemon.Options
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon",
		Long: `Run the daemon: it serves calls by the policies of a directory, which may change
while it runs. SIGTERM ends it in order: not ready, the lame-duck time, the drain.

Every flag can also be set as a variable (HEDGED_LAME_DUCK for --lame-duck) or in
the file of --config (lame-duck: 10s). The command line wins over the variable,
the variable over the file. Traces follow the OTEL_* variables.`,
		Example: `  hedged serve --policies policies/
  hedged serve --policies /etc/hedged --listen :80 --lame-duck 10s
  HEDGED_LOG_LEVEL=debug hedged serve --config hedged.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			warnings, err := configure(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			for _, w := range warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), "hedged: warning:", w)
			}
			if o.Policies == "" {
				return usagef("hedged serve needs --policies DIR (or %s)", envName("policies"))
			}
			o.Telemetry.Service = "hedged"
			o.Telemetry.Version = currentBuild().Version
			o.Telemetry.LogWriter = cmd.ErrOrStderr()
			d, err := daemon.New(cmd.Context(), o)
			if err != nil {
				return err
			}
			return d.Run(cmd.Context())
		},
	}
	serveFlags(cmd.Flags(), &o)
	return cmd
}

// serveFlags binds the flags to the options. No flag is called port: a Service
// of that name would set its variable.
func serveFlags(flags *pflag.FlagSet, o *daemon.Options) {
	group(flags, "Policies", func(f *pflag.FlagSet) {
		f.StringVar(&o.Policies, "policies", "", "the `DIR` whose *.yaml, *.yml and *.json files are the policies")
		f.StringVar(&o.Namespace, "namespace", "default", "the policies' `NAMESPACE`")
		f.StringVar(&o.ClusterDomain, "cluster-domain", "cluster.local", "the Kubernetes cluster's `DOMAIN`")
	})
	group(flags, "Addresses", func(f *pflag.FlagSet) {
		f.StringVar(&o.Listen, "listen", ":8080", "the `ADDRESS` for calls (HTTP/1.1 and h2c)")
		f.StringVar(&o.HealthListen, "health-listen", ":8081", "the `ADDRESS` for /livez, /readyz and /metrics")
		f.StringVar(&o.AdminListen, "admin-listen", "127.0.0.1:8082", "the `ADDRESS` for /config_dump, /upstreams, /attempts, /stats and pprof")
	})
	group(flags, "Calls", func(f *pflag.FlagSet) {
		f.StringVar(&o.DeadlineHeader, "deadline-header", "", "a `HEADER` in which callers give the time they have left, besides the well-known ones")
		f.IntVar(&o.MaxHeaderBytes, "max-header-bytes", 64<<10, "the largest header of a call, in `BYTES`")
		f.Int64Var(&o.MaxBodyBytes, "max-body-bytes", 0, "the largest request body, in `BYTES`; 0 sets no limit")
		f.DurationVar(&o.ReadHeaderTimeout, "read-header-timeout", 10*time.Second, "the longest `TIME` that a client may take to send the header")
		f.DurationVar(&o.IdleTimeout, "idle-timeout", 2*time.Minute, "the longest `TIME` that an idle connection stays open")
	})
	group(flags, "Shutdown", func(f *pflag.FlagSet) {
		f.DurationVar(&o.LameDuck, "lame-duck", 5*time.Second, "the `TIME` after SIGTERM in which new calls are still served")
		f.DurationVar(&o.DrainTimeout, "drain-timeout", 30*time.Second, "the longest `TIME` that calls in flight get after that")
	})
	group(flags, "Telemetry", func(f *pflag.FlagSet) {
		f.TextVar(&o.Telemetry.LogLevel, "log-level", slog.LevelInfo, "the least `LEVEL` that is logged: debug, info, warn or error")
		f.Var(newChoice(&o.Telemetry.LogFormat, "json", "text"), "log-format", "how log lines are written")
		f.Var(share{&o.Telemetry.SampleRatio}, "trace-sample-ratio", "the share of calls that are traced if the caller has not decided (default: what OTEL_TRACES_SAMPLER says, else all)")
	})
	group(flags, "Attempt log", func(f *pflag.FlagSet) {
		f.StringVar(&o.AttemptLog, "attempt-log", "", "a `FILE` that every attempt is appended to as a JSON line, for hedged simulate --from; renamed away, it begins anew within a second")
	})
	group(flags, "Configuration", func(f *pflag.FlagSet) {
		f.String(configFlag, "", "a YAML `FILE` whose keys are the names of the flags above")
	})
}

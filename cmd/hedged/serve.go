package main

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"hedged.dev/hedged/pkg/command"
	"hedged.dev/hedged/pkg/daemon"
	"hedged.dev/hedged/pkg/source"
)

func newServe() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon",
		Long: `Run the daemon: it serves calls by the policies of a directory, of ConfigMaps, or
of both, which may change while it runs. SIGTERM ends it in order: not ready, the lame-duck time, the drain.

Every flag can also be set as a variable (HEDGED_LAME_DUCK for --lame-duck) or in
the file of --config (lame-duck: 10s). The command line wins over the variable,
the variable over the file. Traces follow the OTEL_* variables.`,
		Example: `  hedged serve --policies policies/
  hedged serve --policies /etc/hedged --listen :80 --lame-duck 10s
  hedged serve --configmaps --configmap-namespaces shop,search
  HEDGED_LOG_LEVEL=debug hedged serve --config hedged.yaml`,
		Args: command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			warnings, err := configure(cmd.Flags(), os.Environ())
			if err != nil {
				return err
			}
			for _, w := range warnings {
				fmt.Fprintln(cmd.ErrOrStderr(), "hedged: warning:", w)
			}
			options, err := o.complete()
			if err != nil {
				return err
			}
			options.Telemetry.Service = "hedged"
			options.Telemetry.Version = currentBuild().Version
			options.Telemetry.LogWriter = cmd.ErrOrStderr()
			d, err := daemon.New(cmd.Context(), options)
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
func serveFlags(flags *pflag.FlagSet, o *serveOptions) {
	command.Group(flags, "Policies", func(f *pflag.FlagSet) {
		f.StringVar(&o.Policies, "policies", "", "the `DIR` whose *.yaml, *.yml and *.json files are the policies")
		f.BoolVar(&o.configMaps, "configmaps", false, "ConfigMaps with the label "+source.PolicyLabel+"=true are policies, as well or instead")
		f.StringSliceVar(&o.configMapNamespaces, "configmap-namespaces", nil, "the `NAMESPACES` of these ConfigMaps (default: the one of --namespace)")
		f.StringVar(&o.Namespace, "namespace", "", "the `NAMESPACE` of a directory's policies, and of what hedged writes for itself (default: the pod's own, else default)")
		f.StringVar(&o.ClusterDomain, "cluster-domain", "cluster.local", "the Kubernetes cluster's `DOMAIN`")
	})
	command.Group(flags, "Kubernetes", func(f *pflag.FlagSet) {
		f.StringVar(&o.kubeconfig, "kubeconfig", "", "the `FILE` that names the cluster (default: the pod's own cluster, else what KUBECONFIG says, if --configmaps asks for one)")
		f.StringVar(&o.kubeContext, "kube-context", "", "the `CONTEXT` of that file (default: its current one)")
		f.StringVar(&o.release, "release", "hedged", "the `NAME` of the Lease, and of the ConfigMaps that keep last good revisions")
		f.StringVar(&o.pod, "pod", "", "the `NAME` of this daemon among those that share the Lease (default: the host's name)")
		f.StringVar(&o.deployment, "deployment", "", "the `NAME` of the Deployment that owns the Lease and these ConfigMaps: they go when it does")
		f.StringVar(&o.zone, "zone", "", "the `ZONE` that it runs in: first attempts prefer endpoints that are hinted for it")
	})
	command.Group(flags, "Webhook", func(f *pflag.FlagSet) {
		f.BoolVar(&o.webhook, "webhook", false, "answer the API server's questions whether a ConfigMap of policies is valid")
		f.StringVar(&o.webhookListen, "webhook-listen", ":8443", "the `ADDRESS` for them (HTTPS)")
		f.StringVar(&o.webhookCert, "webhook-cert", "", "the `FILE` of the certificate; it is read again when it changes")
		f.StringVar(&o.webhookKey, "webhook-key", "", "the `FILE` of its key")
	})
	command.Group(flags, "Addresses", func(f *pflag.FlagSet) {
		f.StringVar(&o.Listen, "listen", ":8080", "the `ADDRESS` for calls (HTTP/1.1 and h2c)")
		f.StringVar(&o.HealthListen, "health-listen", ":8081", "the `ADDRESS` for /livez, /readyz and /metrics")
		f.StringVar(&o.AdminListen, "admin-listen", "127.0.0.1:8082", "the `ADDRESS` for /config_dump, /upstreams, /attempts, /stats and pprof")
	})
	command.Group(flags, "Calls", func(f *pflag.FlagSet) {
		f.StringVar(&o.DeadlineHeader, "deadline-header", "", "a `HEADER` in which callers give the time they have left, besides the well-known ones")
		f.IntVar(&o.MaxHeaderBytes, "max-header-bytes", 64<<10, "the largest header of a call, in `BYTES`")
		f.Int64Var(&o.MaxBodyBytes, "max-body-bytes", 0, "the largest request body, in `BYTES`; 0 sets no limit")
		f.DurationVar(&o.ReadHeaderTimeout, "read-header-timeout", 10*time.Second, "the longest `TIME` that a client may take to send the header")
		f.DurationVar(&o.IdleTimeout, "idle-timeout", 2*time.Minute, "the longest `TIME` that an idle connection stays open")
	})
	command.Group(flags, "Shutdown", func(f *pflag.FlagSet) {
		f.DurationVar(&o.LameDuck, "lame-duck", 5*time.Second, "the `TIME` after SIGTERM in which new calls are still served")
		f.DurationVar(&o.DrainTimeout, "drain-timeout", 30*time.Second, "the longest `TIME` that calls in flight get after that")
	})
	command.Group(flags, "Telemetry", func(f *pflag.FlagSet) {
		f.TextVar(&o.Telemetry.LogLevel, "log-level", slog.LevelInfo, "the least `LEVEL` that is logged: debug, info, warn or error")
		f.Var(command.NewChoice(&o.Telemetry.LogFormat, "json", "text"), "log-format", "how log lines are written")
		f.Var(share{&o.Telemetry.SampleRatio}, "trace-sample-ratio", "the share of calls that are traced if the caller has not decided (default: what OTEL_TRACES_SAMPLER says, else all)")
	})
	command.Group(flags, "Attempt log", func(f *pflag.FlagSet) {
		f.StringVar(&o.AttemptLog, "attempt-log", "", "a `FILE` that every attempt is appended to as a JSON line, for hedged simulate --from; renamed away, it begins anew within a second")
	})
	command.Group(flags, "Configuration", func(f *pflag.FlagSet) {
		f.String(configFlag, "", "a YAML `FILE` whose keys are the names of the flags above")
	})
}

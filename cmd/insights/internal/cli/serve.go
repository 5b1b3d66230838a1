package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sauceinsights/insights/cmd/insights/internal/metrics"
	"github.com/sauceinsights/insights/cmd/insights/internal/store"
	"github.com/sauceinsights/insights/cmd/insights/internal/web"
)

// serveFlags say where the runs come from, and who may see them.
type serveFlags struct {
	store        string
	listen       string
	hosts        names
	passwordFile string
	certificate  string
	key          string
	behindProxy  bool
}

func (s *shell) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Shows runs in a browser, and as metrics",
		Long: `Shows runs in a browser: pass rate, new failures, errors, flaky tests, builds,
the slowest tests, coverage, and a page for each test, build and error.

The runs are those of a store that insights sync fills, or without --store those
that the API lists, which takes a while: what was read is shown for 5 minutes.

It only reads. On another address than loopback it needs a password and TLS, or
--behind-proxy if something in front of it sees to both. /metrics is for
Prometheus, with a store; /healthz and /readyz are for whoever watches it.`,
		Example: `  insights serve --store insights.db
  insights serve --demo --listen 127.0.0.1:9000`,
		Args: cobra.NoArgs,
	}
	var f serveFlags
	flags := cmd.Flags()
	storeFlag(cmd, &f.store)
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8087", "the `address` to listen on")
	flags.Var(&f.hosts, "host", "a `name` under which viewers reach it, besides loopback; several with commas between them, or given again")
	flags.StringVar(&f.passwordFile, "password-file", "", "ask viewers for the password in this `file`")
	flags.StringVar(&f.certificate, "tls-cert", "", "the `file` of a certificate, for TLS; needs --tls-key")
	flags.StringVar(&f.key, "tls-key", "", "the `file` of its key")
	flags.BoolVar(&f.behindProxy, "behind-proxy", false, "a proxy in front of it asks for passwords and speaks TLS")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		password, err := f.check()
		if err != nil {
			return usage(err)
		}
		return s.serve(cmd.Context(), f, password)
	}
	return cmd
}

// check refuses to show runs to everybody.
func (f *serveFlags) check() (password string, err error) {
	host, _, err := net.SplitHostPort(f.listen)
	if err != nil {
		return "", fmt.Errorf("--listen: %w: want HOST:PORT", err)
	}
	if (f.certificate == "") != (f.key == "") {
		return "", errors.New("--tls-cert and --tls-key need each other")
	}
	if f.passwordFile != "" {
		if password, err = readPassword(f.passwordFile); err != nil {
			return "", fmt.Errorf("--password-file: %w", err)
		}
	}
	ip := net.ParseIP(host)
	isLoopback := host == "localhost" || ip != nil && ip.IsLoopback()
	if !isLoopback && !f.behindProxy && (password == "" || f.certificate == "") {
		return "", fmt.Errorf("--listen %s can be reached from other machines: that needs --password-file, --tls-cert and --tls-key, or --behind-proxy if something in front of it sees to both", f.listen)
	}
	return password, nil
}

const minPassword = 12

func readPassword(file string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	password := strings.TrimRight(string(content), "\r\n")
	if len(password) < minPassword {
		return "", fmt.Errorf("%s has a password of fewer than %d characters", file, minPassword)
	}
	return password, nil
}

// serve shows runs until it is interrupted.
func (s *shell) serve(ctx context.Context, f serveFlags, password string) error {
	opts := web.Options{IsDemo: s.account.IsDemo, Hosts: f.hosts, Password: password, Now: s.Now}
	source, handler, closeSource, err := s.sourceOf(ctx, f.store)
	if err != nil {
		return err
	}
	defer closeSource()
	opts.Source, opts.Metrics = source, handler
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", f.listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           web.New(ctx, opts),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 32 << 10,
	}
	scheme := "http"
	if f.certificate != "" {
		scheme = "https"
	}
	if _, err := fmt.Fprintf(s.Stdout, "%s://%s shows the runs of %s\n", scheme, listener.Addr(), source.Name()); err != nil {
		_ = listener.Close() // nobody knows of it
		return err
	}
	ended := make(chan error, 1)
	go func() {
		if f.certificate != "" {
			ended <- server.ServeTLS(listener, f.certificate, f.key)
			return
		}
		ended <- server.Serve(listener)
	}()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		_ = server.Close() // what was under way took too long
	}
	return nil
}

// sourceOf is the store if one is named, and else the service.
func (s *shell) sourceOf(ctx context.Context, name string) (web.Source, http.Handler, func(), error) {
	if name != "" {
		db, err := store.OpenExisting(ctx, name)
		if err != nil {
			return nil, nil, nil, err
		}
		return web.FromStore{Store: db}, metrics.Handler(ctx, db, s.Now), func() { _ = db.Close() }, nil
	}
	service, err := s.connect()
	if err != nil {
		return nil, nil, nil, err
	}
	return web.FromService{Client: service.Client, Of: s.account.Name()}, nil, service.Close, nil
}

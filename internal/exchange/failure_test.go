package exchange

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestResultOfTLSAlerts(t *testing.T) {
	t.Run("an alert is not tried again, whoever sent it", func(t *testing.T) {
		alert := &net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")}
		for name, test := range map[string]struct {
			err  error
			want bool
		}{
			"the service":     {alert, true},
			"a proxy":         {&net.OpError{Op: "proxyconnect", Net: "tcp", Err: alert}, true},
			"wrapped":         {&net.OpError{Op: "proxyconnect", Net: "tcp", Err: fmt.Errorf("oh: %w", alert)}, true},
			"no alert":        {&net.OpError{Op: "proxyconnect", Net: "tcp", Err: errReset}, false},
			"no network's":    {errReset, false},
			"another's words": {errors.New("remote error"), false},
		} {
			assert.Equal(t, test.want, isTLSAlert(test.err), name)
			assert.Equal(t, !test.want, mayPass(test.err), name)
		}
	})

	t.Run("an alert is told from other failures", func(t *testing.T) {
		for alert, passes := range map[string]bool{
			"tls: bad record MAC": true, "tls: internal error": true,
			"tls: handshake failure": false, "tls: certificate required": false, "tls: protocol version not supported": false, "tls: unknown certificate authority": false,
		} {
			err := &net.OpError{Op: "remote error", Err: errors.New(alert)}
			assert.Equal(t, passes, mayPass(err), alert)
			assert.Equal(t, passes, isPassingAlert(err), alert)
			assert.Equal(t, passes, mayPass(&net.OpError{Op: "proxyconnect", Net: "tcp", Err: err}), alert)
		}
	})

	t.Run("only an answer in plain HTTP is named one", func(t *testing.T) {
		for header, named := range map[string]bool{"HTTP/": true, "\x15\x03\x01\x00\x02": false, "SSH-2": false} {
			err := tls.RecordHeaderError{RecordHeader: [5]byte([]byte(header))}
			assert.Equal(t, named, asMismatch(err) == http.ErrSchemeMismatch, "%q", header)
		}
		assert.Equal(t, errReset, asMismatch(errReset))
	})

	t.Run("a connection is broken that ended without a word", func(t *testing.T) {
		for err, broken := range map[error]bool{io.EOF: true, io.ErrUnexpectedEOF: true, errReset: false} {
			assert.Equal(t, broken, isBroken(err), err)
		}
	})
}

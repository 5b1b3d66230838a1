package cli

import (
	"slices"

	"github.com/sauceinsights/insights"
	"github.com/sauceinsights/insights/cmd/insights/internal/account"
)

// connect makes the client of a subcommand, and says if it asks a fake service.
func (s *shell) connect(opts ...insights.Option) (*account.Account, error) {
	connected, err := s.account.Connect(s.Now(), append(slices.Clone(s.Options), opts...)...)
	if err != nil {
		return nil, err
	}
	if connected.IsDemo {
		s.say("--demo: generated runs of a fake service in this process, not of an account")
	}
	return connected, nil
}

package cli

import (
	"github.com/sauceinsights/insights/cmd/insights/internal/account"
)

// connect makes the client of a subcommand, and says if it asks a fake service.
func (s *shell) connect() (*account.Account, error) {
	connected, err := s.account.Connect(s.Now(), s.Options...)
	if err != nil {
		return nil, err
	}
	if connected.IsDemo {
		s.say("--demo: generated runs of a fake service in this process, not of an account")
	}
	return connected, nil
}

package session

import "time"

// SetMachine sets the machine's clock of a service that is not yet in use.
func (s *Service) SetMachine(now func() time.Time) { s.machine = now }

package cluster

import "fmt"

// Check says what is wrong with the configuration, so that a caller can tell a
// mistake of its user's from a run that failed. Run checks the same.
func (c Config) Check() error {
	o, err := c.options()
	if err != nil {
		return err
	}
	for i := range o.Faults {
		if err := o.Faults[i].check(o); err != nil {
			return fmt.Errorf("fault %s: %w", o.Faults[i], err)
		}
	}
	return nil
}

package store

import "testing"

// TestMarksFollowARotation opens a database with the old keys, with both in either order, and with the new ones.
func TestMarksFollowARotation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := NewKeyFiles(dir); err != nil {
		t.Fatal(err)
	}
	before, during, after := rotated(t, dir)
	for _, writer := range []*Keyring{before, during, after} {
		marks, err := writer.marks()
		if err != nil {
			t.Fatal(err)
		}
		for _, reader := range []*Keyring{during, after} {
			if err := reader.fits(marks); err != nil {
				t.Error(err)
			}
		}
	}
}

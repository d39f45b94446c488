package chart

import "testing"

// TestDotsLeaveRoomForEachOther: a reading is a large dot, except where many stand close together.
func TestDotsLeaveRoomForEachOther(t *testing.T) {
	t.Parallel()
	for known, want := range map[int]int{0: 6, 1: 6, 30: 6, 31: 4, 92: 4} {
		amounts := make([]*int64, 92)
		for i := range known {
			amounts[i] = new(int64)
		}
		if got := symbolSize(amounts); got != want {
			t.Errorf("%d readings: %d pixels, want %d", known, got, want)
		}
	}
}

package main

import "testing"

func BenchmarkComputeAll(b *testing.B) {
	e := offlineEngine(1000)
	units := 0
	b.ReportAllocs()
	for b.Loop() {
		units += len(e.ComputeAll())
	}
	b.ReportMetric(float64(units)/b.Elapsed().Seconds(), "units/s")
}

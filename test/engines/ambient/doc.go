// Package ambient asks a real istiod in ambient mode what it makes of our output:
// what it says of routes, waypoints and policies in their status, what a
// waypoint would get over ADS, and what ztunnel would be told of workloads and
// policies. No proxy runs.
package ambient

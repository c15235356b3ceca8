// Package resolve turns objects of the unified API, and the Services, pods and
// grants that they speak of, into units of the intermediate representation.
//
// A Store holds the objects and indexes them. Upsert and Delete say which units
// an event concerns; Resolve computes one unit; Check says what is wrong with an
// object that has found its way into no unit.
//
// Nothing here scans the cluster. All computations read through a view, which
// notes what was read: objects, members of indexes and values derived from them
// (such as the mesh of a namespace). An event fires the topics that it changes,
// and exactly the computations that read one of them are due again. That makes
// the units which Upsert and Delete return complete by construction, and the
// cost of an event proportional to them.
//
// Users' mistakes are Issues, never errors. What is rejected is absent from the
// unit; it still holds its place where objects compete.
package resolve

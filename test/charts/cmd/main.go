// Command cmd serves the files of a folder over HTTP: Helm repositories, in a
// pod.
package main

import (
	"flag"
	"log"
	"net/http"
	"time"
)

func main() {
	listen := flag.String("listen", ":8080", "address to serve on")
	dir := flag.String("dir", "/charts", "folder to serve")
	flag.Parse()
	server := &http.Server{Addr: *listen, Handler: http.FileServer(http.Dir(*dir)), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

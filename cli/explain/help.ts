export const HELP = `Usage: mooring explain --manifests PATH... [options] URL
       mooring explain --manifests PATH... [options] --har FILE

Says where one request goes, and why: which rule decides, which sources of the key were tried and why each yielded or
not, what the DestinationRule hashes, the hash, its place on the ring or in the table, and the pod. The filter itself
decides, in this process; hash, ring and table are Envoy's. Nothing is sent anywhere.

It shows no secret, no cookie's value and no key: of the key its fingerprint.

The request, as curl takes it ("Copy as cURL" of a browser fits):
  URL                  https://shop.example.com/cart?user=7
  -X, --request METHOD default GET, or POST with -d
  -H, --header LINE    "Name: value"; may be repeated
  -b, --cookie TEXT    "a=1; b=2"
  -d, --data TEXT      the body, of which nothing is read (also --data-raw, --data-binary)
  -A, --user-agent TEXT
  -k, --insecure, --compressed
                       nothing, as they come along
  --har FILE           a request that a browser saved, in place of the above
  --entry N            which one of the file, from 1

The mesh:
  --manifests PATH     files, directories, or - for standard input; several with commas, may be repeated
  --plugin NAME        which WasmPlugin or TrafficExtension: NAMESPACE/NAME or NAME
  --proxy-namespace NS where the proxy runs; default the plugin's own namespace
  --destination HOST   where the route leads, as VirtualServices name it; default what the route says that takes the
                       request, or else the only DestinationRule's host
  --port N             the service's port, where it has several
  --subset NAME        of the DestinationRule, beside --destination
  --pods LIST          10.0.0.1:8080,10.0.0.2:8080, or v1=10.0.0.1:8080 for those of a subset; may be repeated; default
                       those that the manifests tell of

What a proxy knows beside the request:
  --claims JSON        verified claims, or @FILE; default those of a bearer token, whose signature is not verified here
  --metadata JSON      more filter metadata by filter, or @FILE
  --peer URI           the client certificate's first URI: spiffe://cluster.local/ns/shop/sa/cart
  --source-address IP  the client's address
  --at TIME            when, as 2027-01-31T00:00:00Z; default now. Signed sessions expire
  --env NAME=FILE      a file with the value of an environment variable of the proxy, such as a secret; default what
                       this process has under that name

  --format text|json   default text
  --help               this text

Exit codes:
  0   explained, also where any pod will do, or nobody can foretell the pod of a new session
  1   the configuration is refused, or something that would tell the pod is missing
  2   the command line or a file cannot be read

Environment:
  NO_COLOR             no colours

Examples:
  mooring explain --manifests manifests/ingress-gateway,manifests/destination-rules/http-header-name.yaml \\
    --pods 10.0.0.1:8080,10.0.0.2:8080 -b ISTIOID=abc https://test.com/cart
  kubectl get wasmplugins,destinationrules,virtualservices,services,endpointslices,pods -A -o yaml |
    mooring explain --manifests - --plugin istio-system/mooring --har visit.har --entry 3
`

#!/usr/bin/perl

# Tests for dns_over_https over HTTP/3, which nginx has since 1.25: the same
# octets as over all else, many queries, and "h3" in dns_resolver_name.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::HTTPS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->has(qw/ http http_v3 /);

plan(skip_all => 'no HTTP/3 in this curl') if `curl --version` !~ /\bHTTP3\b/;

$t->plan(22);

tls_certificate($t);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 1;

events {
}

stream {
    dns_cache_zone  zone=c:1m;

    log_format  f  '$protocol $dns_qname $dns_rcode $dns_cache_status';

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    server {
        listen             127.0.0.1:%%PORT_8053%% udp;
        listen             127.0.0.1:%%PORT_8053%%;
        listen             127.0.0.1:%%PORT_8853%% ssl;
        dns_service        doh;
        dns_resolver_name  dns.test;
        dns_forward        . 127.0.0.1:%%PORT_8081%%;
        dns_cache          c;
        dns_rotate         off;
        access_log         %%TESTDIR%%/dns.log f;
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    log_format  f  '$http3 $status $dns_qname $dns_rcode';

    server {
        listen  127.0.0.1:%%PORT_8443%% quic;
        listen  127.0.0.1:%%PORT_8443%% ssl;
        http2   on;

        location /dns-query {
            dns_over_https  doh;
            access_log      %%TESTDIR%%/http.log f;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /metrics {
            dns_status  prometheus;
        }
    }
}

EOF_CONF

my $text = 'x' x 20000;

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return { tc => 1 } if !$query->{tcp} && $name =~ /^big/;
    return { answers => [ [ $query->{qname_raw}, 'TXT', 60, $text ] ] }
        if $name =~ /^big/;
    return { rcode => 'NXDOMAIN', authority => [
        [ 'test', 'SOA', 300, 'ns.test root.test 1 2 3 4 60' ] ] }
        if $name =~ /^nx/;

    return { a => '192.0.2.1', ttl => 50,
             delay => $name =~ /^slow/ ? 0.5 : 0 };
}, tcp => 1);

$t->run();

my ($udp, $tls, $web, $h3) = map { $t->port($_) } 8053, 8853, 8080, 8443;
my $dir = $t->testdir();
my $curl = "curl -s -k --noproxy '*' --http3-only --max-time 10";
my $url = "https://127.0.0.1:$h3/dns-query";

sub query { encode(id => 0, flags => 0x0100, question => [ @_[0, 1] ],
                   @_[2 .. $#_]) }

sub get { `$curl '$url?dns=@{[ doh_argument($_[0]) ]}' $_[1]` }

sub post {
    $t->write_file('query', $_[0]);
    return `$curl --data-binary \@$dir/query -H 'Content-Type: application/dns-message' $url`;
}

# the same octets

for ([ 'a.test', 'A' ], [ 'nx.test', 'A' ], [ 'localhost', 'AAAA' ],
     [ 'b.test', 'A', edns => { size => 1232 } ],
     [ 'big.test', 'TXT' ])
{
    my ($name) = @$_;
    my $query = query(@$_);
    my ($first, $again, @other);

    # all within a second of the TTL, however long that takes

    $t->wait_for(sub {
        $first = dns_raw($udp, $query, proto => 'tcp');
        @other = (dns_raw($tls, $query, proto => 'tls'), get($query, ''),
                  post($query), $name =~ /^big/ ? () : dns_raw($udp, $query));
        $again = dns_raw($udp, $query, proto => 'tcp');

        return $first eq $again;
    }, 20);

    is_deeply([ map { unpack('H*', $_) } @other ],
              [ (unpack('H*', $first)) x @other ],
              "$name: the same by all ways");
}

# HTTP

my $q = query('a.test', 'A');

is(get($q, "-o /dev/null -w '%{http_code} %{http_version}'"), '200 3',
   'status');
like(get($q, '-D - -o /dev/null'), qr/^content-type: application\/dns-mess/mi,
     'type');
like(get($q, '-D - -o /dev/null'), qr/^cache-control: max-age=\d+\r$/mi,
     'max-age');
like(get($q, '-I'), qr/^content-length: \d\d\r$/mi, 'HEAD');

for ([ '', 400 ], [ '?dns=AA', 400 ]) {
    my ($args, $status) = @$_;
    is(`$curl -o /dev/null -w '%{http_code}' '$url$args'`, $status,
       "'$args': $status");
}

is(`$curl -X PUT -o /dev/null -w '%{http_code}' $url`, 405, 'PUT');
is(`$curl -d x -o /dev/null -w '%{http_code}' $url`, 415, 'POST of a form');
is(decode(get(query('a.test', 'AXFR'), ''))->{rcode}, 'REFUSED', 'a transfer');

# many at once, over one connection

my $n = 200;

$t->write_file('many', join '', map {
    my $argument = doh_argument(query("q$_.test", 'A'));
    qq{url = "$url?dns=$argument"\noutput = "$dir/out.$_"\n}
} 1 .. $n);

`$curl -Z --parallel-max 50 -K $dir/many`;
is(scalar(grep { decode($t->read_file("out.$_"))->{answers}[0]{data}
                 eq '192.0.2.1' } 1 .. $n), $n, "$n queries");

# clients that go away, and a worker that quits

`$curl --max-time 0.2 '$url?dns=@{[ doh_argument(query('slow.test', 'A')) ]}'`;
is(decode(get(query('slow.test', 'A'), ''))->{answers}[0]{data}, '192.0.2.1',
   'asked again');

my $pid = fork() // die "fork: $!\n";

if ($pid == 0) {
    $t->write_file('quit', get(query('slower.slow.test', 'A'), ''));
    POSIX::_exit(0);
}

$t->wait_for(sub { $u->count('slower.slow.test') });

# discovery

like(`kdig \@127.0.0.1 -p $udp _dns.resolver.arpa TYPE64 +short`,
     qr/alpn="?h3"? port=$h3 /, 'dns_resolver_name');

cmp_ok(total(metrics($web), 'nginx_dns_queries_total', qr/proto="https"/),
       '>', $n, 'counted');

$t->signal('QUIT');
waitpid $pid, 0;
is(decode($t->read_file('quit'))->{answers}[0]{data} // '', '192.0.2.1',
   'quit with a query under way');
ok($t->wait_for(sub { $t->gone($t->pid()) }), 'gone');

like($t->read_file('http.log'), qr/^h3 200 a\.test NOERROR$/m, 'http log');
like($t->read_file('dns.log'), qr/ a\.test NOERROR HIT$/m, 'stream log');

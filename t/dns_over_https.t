#!/usr/bin/perl

# Tests for dns_over_https (RFC 8484): GET, HEAD and POST, what is no query, and
# the same octets over UDP, TCP, TLS and HTTP.

use warnings;
use strict;

use Test::More;

use IO::Socket::INET;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::HTTPS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(61);

tls_certificate($t);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_file_expand('nginx.conf', <<'EOF_CONF');

%%TEST_GLOBALS%%

worker_processes 1;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    log_format  f  '$status $dns_qname $dns_qtype $dns_rcode $dns_cache_status '
                   '$dns_zone $dns_upstream_tries $dns_error';

    server {
        listen  127.0.0.1:%%PORT_8080%%;

        location /metrics {
            dns_status  prometheus;
        }

        location /dns-query {
            dns_over_https  doh;
            access_log      %%TESTDIR%%/http.log f;
        }
    }
}

stream {
    dns_cache_zone  zone=c:32m;

    log_format  f  '$protocol $remote_addr $dns_qname $dns_cache_status';

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        listen       127.0.0.1:%%PORT_8053%%;
        listen       127.0.0.1:%%PORT_8853%% ssl;
        dns_service  doh;
        access_log   %%TESTDIR%%/dns.log f;
        dns_hosts    %%TESTDIR%%/hosts fallthrough;
        dns_cache    c;
        dns_forward  test 127.0.0.1:%%PORT_8081%%;

        dns_zone dropped.test {
            dns_return  drop;
        }
    }
}

EOF_CONF

my $text = 'x' x 20000;
my $soa = [ 'test', 'SOA', 300, 'ns.test root.test 1 2 3 4 60' ];

$t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return { tc => 1 } if !$query->{tcp} && $name =~ /^big/;
    return { answers => [ [ $query->{qname_raw}, 'TXT', 60, $text ] ] }
        if $name =~ /^big/;
    return { rcode => 'NXDOMAIN', authority => [ $soa ] } if $name =~ /^nx/;
    return { rcode => 'SERVFAIL' } if $name =~ /^bad/;
    return { answers => [ [ $query->{qname_raw}, 'A', 40, '192.0.2.1' ],
                          [ $query->{qname_raw}, 'A', 30, '192.0.2.2' ] ] }
        if $name =~ /^two/;

    return { a => '192.0.2.1', ttl => 50,
             delay => $name =~ /^slow/ ? 0.2 : 0 };
}, tcp => 1);

$t->run();

my ($udp, $tls, $web) = map { $t->port($_) } 8053, 8853, 8080;
my ($r, $q);

sub query { encode(id => 0, flags => 0x0100, question => [ @_[0, 1] ],
                   @_[2 .. $#_]) }

# the three methods

$q = query('a.test', 'A');

for my $method (qw/ GET POST /) {
    $r = doh($web, $method, $q);

    is($r->{status}, 200, "$method: status");
    is($r->{header}{'content-type'}, 'application/dns-message',
       "$method: type");
    is($r->{header}{'content-length'}, length $r->{body}, "$method: length");
    is(decode($r->{body})->{answers}[0]{data}, '192.0.2.1',
       "$method: answer");
    like($r->{header}{'cache-control'}, qr/^max-age=(50|49)$/,
         "$method: max-age");
}

$r = doh($web, 'HEAD', $q);
is($r->{status}, 200, 'HEAD: status');
is($r->{body}, '', 'HEAD: no body');
cmp_ok($r->{header}{'content-length'}, '>', 12, 'HEAD: length');

$r = doh($web, 'POST', $q, chunked => 7);
is(decode($r->{body})->{answers}[0]{data}, '192.0.2.1', 'chunked');

$r = doh($web, 'POST', $q, pause => 0.1);
is(decode($r->{body})->{answers}[0]{data}, '192.0.2.1', 'octet by octet');

$r = doh($web, 'POST', $q, type => 'Application/DNS-Message; x=y');
is($r->{status}, 200, 'type with a parameter');

# how long a response may be kept

like(doh($web, 'GET', query('two.test', 'A'))->{header}{'cache-control'},
     qr/^max-age=(30|29)$/, 'least of TTLs');
like(doh($web, 'GET', query('nx.test', 'A'))->{header}{'cache-control'},
     qr/^max-age=(60|59)$/, 'MINIMUM of a negative response');
is(doh($web, 'GET', query('bad.test', 'A'))->{header}{'cache-control'},
   'no-store', 'no-store of a failure');
is(doh($web, 'GET', query('host.test', 'AAAA'))->{header}{'cache-control'},
   'no-store', 'no-store of a negative response without an SOA');

# the same octets

for ([ 'a.test', 'A' ], [ 'host.test', 'A' ], [ 'host.test', 'AAAA' ],
     [ 'x.elsewhere', 'A', edns => { size => 1232 } ])
{
    my ($name) = @$_;
    my $query = query(@$_);
    my ($u, $again, @other);

    # all within a second of the TTL, however long that takes

    $t->wait_for(sub {
        $u = dns_raw($udp, $query);
        @other = (dns_raw($udp, $query, proto => 'tcp'),
                  dns_raw($tls, $query, proto => 'tls'),
                  doh($web, 'GET', $query)->{body},
                  doh($web, 'POST', $query)->{body});
        $again = dns_raw($udp, $query);

        return $u eq $again;
    });

    is_deeply([ map { unpack('H*', $_) } @other ], [ (unpack('H*', $u)) x 4 ],
              "$name: the same by all ways");
}

is(decode(doh($web, 'GET', query('big.test', 'TXT'))->{body})
   ->{answers}[0]{data}, $text, 'longer than UDP has');

# what is malformed, but has a header, gets what it gets over TCP

for ([ 'two questions', pack('n6', 5, 0x100, 2, 0, 0, 0) ],
     [ 'a label cut off', pack('n6 C a2', 5, 0x100, 1, 0, 0, 0, 9, 'ab') ],
     [ 'octets after it', $q . 'x' ],
     [ 'an opcode', pack('n6', 5, 0x2000, 1, 0, 0, 0) . substr($q, 12) ],
     [ 'too long', $q . ("\0" x 3000) ],
     [ 'a transfer', query('a.test', 'AXFR', id => 5) ])
{
    my ($name, $query) = @$_;
    my $post = doh($web, 'POST', $query)->{body};

    is(unpack('H*', doh($web, 'GET', $query)->{body}), unpack('H*', $post),
       "$name: GET and POST");

    if ($name eq 'a transfer') {
        is(decode($post)->{rcode}, 'REFUSED', "$name: refused");

    } else {
        is(unpack('H*', dns_raw($udp, $query, proto => 'tcp')),
           unpack('H*', $post), "$name: as over TCP");
    }
}

# other arguments, and the same one with escapes

my $base = doh_argument($q);
my $escaped = $base =~ s/(.)/sprintf '%%%02x', ord $1/gre;

for ("?a=b&dns=$base&xdns=c", "?dns=$escaped") {
    is(doh_request($web, "GET /dns-query$_ HTTP/1.1")->{status}, 200, $_);
}

# what is no query

for ([ 'no argument', '' ], [ 'an empty one', '?dns=' ],
     [ 'padding', '?dns=AAABAAABAAAAAAAAAWEEdGVzdAAAAQAB%3D' ],
     [ 'another case', "?DNS=$base" ],
     [ 'twice', "?dns=$base&dns=$base" ],
     [ 'an escape that is none', "?dns=$base%4" ],
     [ 'another alphabet', '?dns=AAABAAABAAAAAAAAA+/EdGVzdAAAAQAB' ],
     [ 'a character over', "?dns=${base}A" ],
     [ 'too short', '?dns=' . doh_argument(substr($q, 0, 11)) ],
     [ 'a response', '?dns=' . doh_argument(pack('n6', 0, 0x8100, 1, 0, 0, 0)
                                            . substr($q, 12)) ])
{
    my ($name, $args) = @$_;
    is(doh_request($web, "GET /dns-query$args HTTP/1.1")->{status}, 400, $name);
}

$r = doh_request($web, "PUT /dns-query HTTP/1.1");
is("$r->{status} $r->{header}{allow}", '405 GET, HEAD, POST', '405 and Allow');
is(doh($web, 'POST', 'x' x 65536)->{status}, 413, 'too long');
is(doh($web, 'POST', 'x' x 65536, chunked => 4096)->{status}, 413,
   'too long, without a length before');
is(doh($web, 'POST', $q, type => 'text/plain')->{status}, 415, 'another type');
is(doh($web, 'POST', $q, type => '')->{status}, 415, 'no type');
is(metrics($web)->{'nginx_dns_dropped_total{reason="http"}'}, 5,
   'these are counted');
my $half = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $web)
    or die "no connection: $!";

print $half "POST /dns-query HTTP/1.1\r\nHost: localhost\r\n"
    . "Content-Type: application/dns-message\r\nContent-Length: 40\r\n\r\n",
    substr $q, 0, 20;
close $half;

ok($t->wait_for(sub {
    (metrics($web)->{'nginx_dns_dropped_total{reason="incomplete"}'} // 0) == 1
}), 'half a query is counted');
is(doh($web, 'GET', query('x.dropped.test', 'A'))->{status} // 'closed',
   'closed', 'dns_return drop');

cmp_ok(total(metrics($web), 'nginx_dns_queries_total', qr/proto="https"/),
       '>', 20, 'counted');

$t->stop();

my $log = $t->read_file('http.log');

like($log, qr/^200 a\.test A NOERROR MISS test 1 -$/m, 'http log: miss');
like($log, qr/^200 a\.test A NOERROR HIT test - -$/m, 'http log: hit');
like($t->read_file('dns.log'), qr/^TCP 127\.0\.0\.1 a\.test HIT$/m,
     'stream log');

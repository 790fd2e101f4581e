#!/usr/bin/perl

# Tests for dns_pass and dns_forward with variables: map, geo, split_clients,
# names of upstreams and addresses of their servers, and what is none.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->plan(29);

$t->allow(qr/\[error\]/);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_cache_zone  zone=c:1m;

log_format  f  '$dns_qname $dns_zone $dns_upstream $dns_upstream_addr '
               '$dns_rcode $status "$dns_error"';
access_log  %%TESTDIR%%/dns.log f;

# no address without "tls://" means this one

dns_upstream secure {
    server        tls://127.0.0.1:%%PORT_8083%%;
    ssl_verify    off;
    health_check  off;
}

geo $by_client {
    default      one;
    127.0.0.2    two;
}

map $dns_qtype $by_type {
    default  one;
    AAAA     two;
    TXT      "127.0.0.1:%%PORT_8083%%";
    MX       nowhere;
    SRV      "";
}

map $dns_qname $by_name {
    hostnames;
    default     one;
    .keyed.test keyed;
}

split_clients $remote_addr $split {
    100%  two;
}

dns_forward  inherited.test $by_client;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;

    dns_cache    c;

    dns_zone client.test { dns_pass $by_client; dns_cache off; }
    dns_zone cached.test { dns_pass $by_client; }
    dns_zone type.test   { dns_pass $by_type; }
    dns_zone keyed.test  { dns_pass $by_name; }
    dns_zone part.test   { dns_pass t${split_part}; }
    dns_forward split.test $split;
    dns_forward . one;
}

server {
    listen           127.0.0.1:%%PORT_8054%% udp;
    dns_max_queries  100;
}

map $dns_do $split_part {
    default  wo;
}

dns_upstream one {
    server  127.0.0.1:%%PORT_8081%%;
}

dns_upstream two {
    server  127.0.0.1:%%PORT_8082%%;
}

dns_upstream three {
    server  127.0.0.1:%%PORT_8083%%;
    server  127.0.0.1:%%PORT_8084%%;
}

dns_upstream keyed {
    hash    $remote_addr;
    server  127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

my @u = map { my $n = $_; $t->upstream(8080 + $n, sub {
    my ($query) = @_;
    return { answers => [ [ $query->{qname_raw}, $query->{qtype}, 60,
                            $query->{qtype} eq 'A' ? "192.0.2.$n"
                            : $query->{qtype} eq 'AAAA' ? "2001:db8::$n"
                            : pack('C/a*', $n) ] ] };
}) } 1 .. 4;

$t->run();

sub data {
    my ($name, $type, %o) = @_;
    my $r = dns_query($t->port($o{port} // 8053), $name, $type // 'A', %o);
    return $r->{answers}[0] ? $r->{answers}[0]{data} : $r->{rcode};
}

# geo: by the client

is(data('a.client.test'), '192.0.2.1', 'geo: default');
is(data('a.client.test', 'A', from => '127.0.0.2'), '192.0.2.2', 'geo');
is(data('a.client.test', 'A', from => '127.0.0.2', proto => 'tcp'),
   '192.0.2.2', 'geo, over TCP');

# caches are apart

for (1 .. 2) {
    is(data('a.cached.test'), '192.0.2.1', 'cached');
    is(data('a.cached.test', 'A', from => '127.0.0.2'), '192.0.2.2',
       'cached for others');
}

is($u[0]->count('a.cached.test'), 1, 'asked once');
is($u[1]->count('a.cached.test'), 1, 'of each');

# map: by the type, an address

is(data('a.type.test'), '192.0.2.1', 'map: default');
is(data('a.type.test', 'AAAA'), '2001:db8::2', 'map');
is(data('a.type.test', 'TXT', proto => $_), "\x{01}3", "an address, $_")
    for qw/ udp tcp /;
is($u[3]->count, 0, 'no other server of that upstream');

# split_clients, text around variables, inheritance, a hash key

is(data('a.split.test'), '192.0.2.2', 'split_clients');
is(data('a.part.test'), '192.0.2.2', 'text and a variable');
is(data('a.inherited.test', 'A', port => 8054), '192.0.2.1', 'inherited');
is(data('a.inherited.test', 'A', port => 8054, from => '127.0.0.2'),
   '192.0.2.2', 'inherited, others');
is(data('a.keyed.test'), '192.0.2.1', 'a hash method') for 1 .. 2;

# without variables

is(data('a.test'), '192.0.2.1', 'no variable');

# what is no upstream

for my $type (qw/ MX SRV /) {
    my $r = dns_query($t->port(8053), 'a.type.test', $type, edns => 1232);
    is("$r->{rcode} $r->{ede}{code}", 'SERVFAIL 0', "$type: no upstream");
}

dns_query($t->port(8053), 'a.type.test', 'MX') for 1 .. 3;

is(scalar(() = $t->error_log() =~ /is not the name of a/g), 1,
   'one line in a minute');
like($t->error_log(),
     qr/"dns_pass"\ of\ zone\ "type\.test":\ "nowhere"\ is\ not\ the\ name\ of\ a
        \ "dns_upstream",\ nor\ the\ address\ of\ a\ server\ in\ one$/mx,
     'which says what');

$t->wait_for(sub { $t->read_file('dns.log') =~ /type.test type.test - /m });

my $log = $t->read_file('dns.log');
my $addr = '127.0.0.1:' . $t->port(8083);

like($log, qr/^a\.client\.test client\.test two \S+ NOERROR 200/m, 'log');
like($log, qr/^a\.type\.test type\.test three $addr NOERROR 200/m,
     'log: an address');
like($log, qr/^a\.type\.test type\.test - - SERVFAIL 502 "dns_pass names/m,
     'log: no upstream');

is(total(metrics($t->port(8080)), 'nginx_dns_failed_total', qr/"no_target"/),
   5, 'metrics');

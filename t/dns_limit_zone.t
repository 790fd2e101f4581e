#!/usr/bin/perl

# Tests for dns_limit in a dns_zone, by its name, and with misses: questions for
# ANY and zone transfers count, too, and an old answer is better than none.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(14);

$t->write_stream(<<'EOF_CONF');
dns_cache_zone  zone=c:1m;

dns_limit_zone  client    zone=inside:64k rate=1r/m;
dns_limit_zone  $dns_zone zone=by_name:64k rate=1r/m;
dns_limit_zone  $dns_zone zone=misses:64k rate=1r/m;

server {
    listen  127.0.0.1:%%PORT_8053%% udp;
    listen  127.0.0.1:%%PORT_8053%%;

    dns_zone inside.test {
        dns_pass   127.0.0.1:%%PORT_8081%%;
        dns_limit  zone=inside slip=0;
    }

    dns_forward . 127.0.0.1:%%PORT_8081%%;
}

server {
    listen  127.0.0.1:%%PORT_8054%% udp;
    listen  127.0.0.1:%%PORT_8054%%;

    dns_limit    zone=by_name slip=0;
    dns_forward  any.test 127.0.0.1:%%PORT_8081%%;
    dns_forward  axfr.test 127.0.0.1:%%PORT_8081%%;
}

server {
    listen  127.0.0.1:%%PORT_8055%% udp;
    listen  127.0.0.1:%%PORT_8055%%;

    dns_cache        c;
    dns_cache_stale  1h;
    dns_limit        zone=misses slip=0 misses;
    dns_forward      any.test 127.0.0.1:%%PORT_8081%%;
    dns_forward      axfr.test 127.0.0.1:%%PORT_8081%%;
    dns_forward      stale.test 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->upstream(8081, sub {
    my ($query) = @_;

    my $soa = [ $query->{qname_raw}, 'SOA', 600,
                'ns.test admin.test 1 2 3 4 600' ];

    return { answers => [ $soa, $soa ] } if $query->{qtype} eq 'AXFR';
    return { a => '192.0.2.1', ttl => 1 };
}, tcp => 1);

$t->run();

sub asks {
    my ($port, $name, $type, %o) = @_;

    my $r = dns_query($t->port($port), $name, $type, timeout => 1, %o);

    return $r ? "$r->{rcode} " . @{$r->{answers}} : 'none';
}

sub any { asks($_[0], $_[1], 'ANY') }
sub axfr { asks($_[0], $_[1], 'AXFR', proto => 'tcp') }

is(any(8053, 'inside.test'), 'NOERROR 1', 'ANY, limit of the zone');
is(any(8053, 'a.inside.test'), 'none', 'over it');
is(any(8053, 'other.test'), 'NOERROR 1', 'another zone');

is(axfr(8053, 'inside.test'), 'NOERROR 2', 'AXFR, limit of the zone');
is(axfr(8053, 'inside.test'), 'REFUSED 0', 'over it');

is(any(8054, 'any.test'), 'NOERROR 1', 'ANY, limit by $dns_zone');
is(any(8054, 'any.test'), 'none', 'over it');

is(axfr(8054, 'axfr.test'), 'NOERROR 2', 'AXFR, limit by $dns_zone');
is(axfr(8054, 'axfr.test'), 'REFUSED 0', 'over it');

is(any(8055, 'any.test'), 'NOERROR 1', 'ANY, misses');
is(axfr(8055, 'axfr.test'), 'NOERROR 2', 'AXFR, misses');
is(axfr(8055, 'axfr.test'), 'REFUSED 0', 'over it');

# over the limit for misses, with an answer whose time is over

is(asks(8055, 'stale.test', 'A'), 'NOERROR 1', 'a miss');

select undef, undef, undef, 1.1;

is(asks(8055, 'stale.test', 'A'), 'NOERROR 1', 'the old answer');

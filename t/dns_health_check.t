#!/usr/bin/perl

# Tests for health_check: servers that fail are out, and are back when they pass.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(19);

$t->write_stream(<<'EOF_CONF', workers => 4);
log_format  f  '$dns_upstream_addr $dns_upstream_tries';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=200ms timeout=150ms fails=3 passes=2;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . u;
}

# for each way to fail a server of its own

dns_upstream silent {
    server        127.0.0.1:%%PORT_8091%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=200ms timeout=150ms fails=1 passes=1;
}

dns_upstream cut {
    server        127.0.0.1:%%PORT_8092%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=200ms timeout=150ms fails=1 passes=1;
}

dns_upstream garbage {
    server        127.0.0.1:%%PORT_8093%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=200ms timeout=150ms fails=1 passes=1;
}

dns_upstream id {
    server        127.0.0.1:%%PORT_8094%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=200ms timeout=150ms fails=1 passes=1;
}

dns_upstream SERVFAIL {
    server        127.0.0.1:%%PORT_8095%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=200ms timeout=150ms fails=1 passes=1;
}

dns_upstream REFUSED {
    server        127.0.0.1:%%PORT_8096%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=200ms timeout=150ms fails=1 passes=1
                  expect=NOERROR;
}
EOF_CONF

# a server that fails the checks alone: live queries see nothing wrong

sub answer {
    my ($query, $state) = @_;
    my $probe = $query->{qname} eq '.';
    my $how = $probe ? $state->{how} // '' : '';

    return $how eq 'silent' ? ()
           : $how eq 'garbage' ? { raw => '%ID%garbage' }
           : $how eq 'cut' ? { answers => [ [ '.', 'A', 60, '192.0.2.1' ] ],
                               truncate => 25 }
           : $how eq 'id' ? { id => $query->{id} ^ 1 }
           : $how =~ /^[A-Z]/ ? { rcode => $how }
           : $probe ? { answers => [] } : { a => '192.0.2.1' };
}

my @kinds = qw/ silent cut garbage id SERVFAIL REFUSED /;
my %kinds = map { $kinds[$_] => $t->upstream(8091 + $_, \&answer, probes => 1) }
                0 .. $#kinds;

my $u = $t->upstream(8081, \&answer, probes => 1);

$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

my $addr = '127.0.0.1:' . $t->port(8081);
my $port = $t->port(8053);

sub both { dns_bulk($port, 20, window => 1, sockets => 8) }

# what the log says of a server: why it is down; or that it is up again

sub down {
    my ($server) = @_;

    return $t->wait_for(sub {
        $t->error_log() =~ /server $server is down after \d+ failures? .*?: (.*)/
        ? $1 : undef;
    });
}

sub up {
    my ($server) = @_;

    return $t->wait_for(sub { $t->error_log() =~ /server $server is up: / });
}

# one stream of checks for four workers

ok($t->wait_for(sub { $u->count('.') >= 6 }), 'checked');

my @when = map { $_->{time} } grep { $_->{name} eq '.' } $u->queries();
my @gaps = map { $when[$_] - $when[$_ - 1] } 1 .. $#when;

is((grep { $_ < 0.1 } @gaps), 0, 'not more often than the interval says');
is((grep { $_->{type} eq 'NS' } $u->queries()), @when, 'NS of the root');
cmp_ok(keys %{{ map { $_->{id} => 1 } $u->queries() }}, '>', 3, 'random IDs');
is_deeply(both(), { '192.0.2.1' => 10, '192.0.2.2' => 10 }, 'both are used');

# down

$u->set(how => 'silent');
$u->reset();

is(down($addr), 'health check timed out', 'down');
cmp_ok($u->count('.'), '>=', 3, 'after three checks');
is_deeply(both(), { '192.0.2.2' => 20 }, 'the other has all');
is($t->read_file('dns.log') =~ /^$addr 2/m, '', 'and no query was lost to it');

# up

$u->set(how => '');
$u->reset();

ok(up($addr), 'up');
cmp_ok($u->count('.'), '>=', 2, 'after two checks');
is_deeply(both(), { '192.0.2.1' => 10, '192.0.2.2' => 10 }, 'both again');

# the ways to fail

my %why = (
    cut => 'malformed answer to the health check',
    SERVFAIL => 'health check was answered with SERVFAIL',
    REFUSED => 'health check was answered with REFUSED',
);

$kinds{$_}->set(how => $_) for @kinds;

is(down("127.0.0.1:$kinds{$_}{port}"), $why{$_} // 'health check timed out',
   $_) for @kinds;

$kinds{$_}->set(how => '') for @kinds;

is((grep { up("127.0.0.1:$kinds{$_}{port}") } @kinds), 6, 'all are up again');

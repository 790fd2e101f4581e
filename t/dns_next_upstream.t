#!/usr/bin/perl

# Tests for dns_next_upstream, dns_next_upstream_tries and _timeout.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ time /;

my $t = Test::Nginx::DNS->new()->plan(18);

$t->write_stream(<<'EOF_CONF');
log_format  f  '$dns_qname $dns_upstream_tries $dns_rcode "$dns_error"';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream_timeout  300ms;

dns_upstream u {
    sequential;
    server  127.0.0.1:%%PORT_8081%%  max_fails=0;
    server  127.0.0.1:%%PORT_8082%%  max_fails=0;
    server  127.0.0.1:%%PORT_8083%%  max_fails=0;
}

server {
    listen             127.0.0.1:%%PORT_8053%% udp;
    dns_forward        . u;
    dns_next_upstream  off;
}

server {
    listen             127.0.0.1:%%PORT_8054%% udp;
    dns_forward        . u;
    dns_next_upstream  timeout refused;
}

server {
    listen                   127.0.0.1:%%PORT_8055%% udp;
    dns_forward              . u;
    dns_next_upstream        error servfail timeout;
    dns_next_upstream_tries  2;
    dns_upstream_timeout     1s;
}

# of these nothing was measured

dns_upstream fresh {
    sequential;
    server  127.0.0.1:%%PORT_8081%%;
    server  127.0.0.1:%%PORT_8083%%;
}

server {
    listen                     127.0.0.1:%%PORT_8056%% udp;
    dns_forward                . fresh;
    dns_upstream_timeout       10s;
    dns_next_upstream_timeout  350ms;
}
EOF_CONF

# what the first two do stands in the name

for my $port (8081, 8082) {
    $t->upstream($port, sub {
        my ($query) = @_;

        return $query->{qname} =~ /^servfail/ ? { rcode => 'SERVFAIL' }
            : $query->{qname} =~ /^refused/ ? { rcode => 'REFUSED' } : ();
    });
}

my $last = $t->upstream(8083, sub { { a => '192.0.2.3' } });

$t->run();

sub result {
    my ($port, $name) = @_;
    my $r = dns_query($t->port($port), $name, 'A');

    return 'nothing' if !$r;
    return $r->{answers}[0] ? $r->{answers}[0]{data} : $r->{rcode};
}

sub logged { $t->read_file('dns.log') =~ /^\Q$_[0]\E (.*)$/m; $1 }

is(result(8053, 'servfail.off'), 'SERVFAIL', 'off: SERVFAIL is passed on');
is(logged('servfail.off'), '1 SERVFAIL "upstream failed to answer"', 'log');
is(result(8053, 'refused.off'), 'REFUSED', 'off: REFUSED is passed on');

my $start = time();
is(result(8053, 'silent.off'), 'SERVFAIL', 'off: no answer');
cmp_ok(time() - $start, '>', 0.28, 'after the whole timeout');
is(logged('silent.off'), '1 SERVFAIL "upstream timed out"', 'log');

is(result(8054, 'servfail.some'), 'SERVFAIL', 'servfail is not listed');
is(result(8054, 'refused.some'), '192.0.2.3', 'refused is');
is(result(8054, 'silent.some'), '192.0.2.3', 'timeout is');
is(logged('silent.some'), '3 NOERROR "-"', 'the third answers');

$last->reset();
is(result(8055, 'servfail.two'), 'SERVFAIL', 'two tries');
is(logged('servfail.two'), '2 SERVFAIL "upstream failed to answer"', 'log');
is(result(8055, 'silent.two'), 'SERVFAIL', 'two tries, both silent');
is(logged('silent.two'), '4 SERVFAIL "upstream timed out"',
   'log: the second was asked three times');
is($last->count(), 0, 'the third was not asked');

$start = time();
is(result(8056, 'silent.late'), 'SERVFAIL', 'deadline of all attempts');
cmp_ok(time() - $start, '<', 0.6, 'in time');
cmp_ok(time() - $start, '>', 0.33, 'not before');

#!/usr/bin/perl

# Tests for dns_xdp: the program is there as long as the master is, however that
# ends, stays over reloads and kills of workers, and leaves others alone.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Namespace;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::XDP;

my $t = own_kernel()->daemon()->allow(qr/exited on signal 9/)->plan(31);

my $net = pair('192.0.2.1/24', '192.0.2.2/24');

my $conf = <<'EOF_CONF';
dns_cache_zone  zone=c:1m;
dns_xdp         veth1;

# the load is as much as a slow machine can bear

dns_upstream_timeout       30s;
dns_next_upstream_timeout  60s;

server {
    listen       %%PORT_8053%% udp;
    dns_cache    c;
    dns_xdp      on;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->write_stream($conf, workers => 2, pages => 'metrics');

my $up = $t->upstream(8081, sub {
    my ($query, $state) = @_;
    return numbered(@_) if $query->{qname} =~ /^n\d/;
    return { a => $state->{addr} // '192.0.2.1' };
});

$t->run();

pass_through($t, $net);

my $page = $t->port(8080);

is(attached('veth1'), 'ngx_dns_xdp', 'attached');
like($t->error_log(), qr/dns_xdp: attached to "veth1" in native mode/, 'said');
is(hot(), '192.0.2.1', 'answers');

# addresses of this machine come and go

must(qw/ ip address add 192.0.2.3\/24 dev veth1 /);
ok(until_hot($t, $page, sub { ask('192.0.2.3') }), 'a new address');

must(qw/ ip address del 192.0.2.3\/24 dev veth1 /);
must(qw/ ip route add 192.0.2.3 dev veth1 /);

ok($t->wait_for(sub {
    my $n = answered($page);
    ask('192.0.2.3', timeout => 0.1);
    return answered($page) == $n;
}, 5), 'is gone');

# reloads: under load nothing is lost and nothing is wrong

my $load = $net->in(sub { dns_load($t->port(8053), addr => '192.0.2.2') });
my $before = answered($page);
my $id = program('veth1');

for (1 .. 5) {
    $t->reload() or fail('reload');
    is(hot(), '192.0.2.1', "answers after reload $_");
}

isnt(program('veth1'), $id, 'another program');
cmp_ok(answered($page), '>=', $before + 5, 'counters go on');

# workers are killed

my @workers = $t->workers();

kill 'KILL', @workers;
ok($t->wait_for(sub { my %old = map { $_ => 1 } @workers;
                      2 == grep { !$old{$_} } $t->workers() }, 10),
   'new workers');
is(hot(), '192.0.2.1', 'answers after a kill');
is(attached('veth1'), 'ngx_dns_xdp', 'still attached');

my $r = $load->stop();

# what a worker had read when it was killed has no answer

delete $r->{TIMEOUT};
is(join(' ', sort keys %$r), 'right', 'nothing wrong');

# nobody has the link but the master: a worker that is left keeps nothing

is(holders(), $t->pid(), 'the link is with the master alone');

# a binary upgrade

ok($t->upgrade(), 'a binary upgrade');
is(attached('veth1'), 'ngx_dns_xdp', 'attached by the new master');
is(hot(), '192.0.2.1', 'answers');

# nobody looks after answers: they are not answered from here

@workers = $t->workers();
kill 'STOP', @workers;

# the master is killed

kill 'KILL', $t->pid();
ok($t->wait_for(sub { attached('veth1') eq '' }, 1), 'gone with its master');
kill 'KILL', @workers;
$t->wait_for(sub { !grep { !$t->gone($_) } @workers }, 5);
unlink $t->testdir() . '/nginx.pid';

# a device that has another program

$t->write_file('pass.c', 'int __attribute__((section("xdp"), used)) other'
    . "(void *ctx) { return 2; }\n");
must(qw/ clang -O2 -target bpf -c /, $t->testdir() . '/pass.c', '-o',
     $t->testdir() . '/other.o');
must(qw/ ip link set dev veth1 xdp object /, $t->testdir() . '/other.o',
     qw/ section xdp /);

my $other = program('veth1');

$t->run();
like($t->error_log(), qr/not attached to "veth1", which has another program/,
     'said');
is(program('veth1'), $other, 'left alone');

must(qw/ ip link set dev veth1 xdp off /);
ok($t->reload(), 'a reload');
is(attached('veth1'), 'ngx_dns_xdp', 'now it is ours');

# another mode, and one that the device has not

$t->write_stream($conf =~ s/veth1;/veth1 lo mode=generic;/r, workers => 2,
                 pages => 'metrics');
$t->reload();
is(join(' ', map { attached($_) } qw/ veth1 lo /), 'ngx_dns_xdp ngx_dns_xdp',
   'both');
like(`ip link show dev veth1`, qr/xdpgeneric/, 'generic');
ok(hot(), 'answers in generic mode');

$t->write_stream($conf =~ s/veth1;/veth1 lo mode=native;/r, workers => 2,
                 pages => 'metrics');
$t->reload();
is(join(' ', map { attached($_) } qw/ veth1 lo /), 'ngx_dns_xdp ',
   'only where there is a native mode');
like($t->error_log(), qr/not attached to "lo", whose driver has no native mode/,
     'said');

$t->stop();
is(attached('veth1'), '', 'gone when nginx is gone');

###############################################################################

sub ask {
    my ($addr, %o) = @_;

    my $m = $net->in(sub { dns_query($t->port(8053), 'a.test', 'A',
                                     addr => $addr, %o) });

    return $m && $m->{answers}[0]{data};
}

sub hot { until_hot($t, $page, sub { ask('192.0.2.2') }) }

sub program {
    my ($device) = @_;

    return (`ip -d link show dev $device` =~ /prog\/xdp\w* id (\d+)/)[0];
}

# processes with a descriptor of the link

sub holders {
    my ($id) = `bpftool link show` =~ /^(\d+): xdp/m;

    return join ' ', grep {
        my $pid = $_;
        grep { (readlink $_ // '') =~ /bpf.link/ } glob "/proc/$pid/fd/*";
    } $t->pid(), $t->workers();
}

###############################################################################

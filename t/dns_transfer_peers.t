#!/usr/bin/perl

# Tests for zone transfers with nsd and knot: 10,000 records over AXFR, changes
# over IXFR, and a knot that is a secondary behind nginx.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Authority qw/ nsd /;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(9);

tls_certificate($t);

$t->write_stream(<<'EOF_CONF');
ssl_certificate      %%TESTDIR%%/cert.pem;
ssl_certificate_key  %%TESTDIR%%/key.pem;

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    listen       127.0.0.1:%%PORT_8853%% ssl;
    dns_forward  nsd.test 127.0.0.1:%%PORT_8081%%;
    dns_forward  knot.test 127.0.0.1:%%PORT_8082%%;
}
EOF_CONF

my $dir = $t->testdir();

sub zone {
    my ($name, $serial, @more) = @_;

    $t->write_file("$name.zone", join "\n", "\$ORIGIN $name.test.",
        '$TTL 3600', "@ SOA ns hostmaster $serial 3600 600 86400 300",
        '@ NS ns', 'ns A 127.0.0.1',
        map({ "r$_ A 10.0." . int($_ / 250) . '.' . $_ % 250 } 1 .. 9996),
        @more, '');
}

zone('nsd', 1);
zone('knot', 1);

$t->write_file_expand('knot.conf', <<'EOF_CONF');
server:
    rundir: "%%TESTDIR%%/knot"
    listen: 127.0.0.1@%%PORT_8082%%
database:
    storage: "%%TESTDIR%%/knot"
control:
    listen: "%%TESTDIR%%/knot/knot.sock"
acl:
  - id: local
    address: 127.0.0.1
    action: transfer
zone:
  - domain: knot.test
    file: "%%TESTDIR%%/knot.zone"
    acl: local
    journal-content: changes
    zonefile-load: difference
    semantic-checks: off
EOF_CONF

# behind nginx: it asks for the SOA over UDP, and for the zone over TCP

$t->write_file_expand('second.conf', <<'EOF_CONF');
server:
    rundir: "%%TESTDIR%%/second"
    listen: 127.0.0.1@%%PORT_8083%%
database:
    storage: "%%TESTDIR%%/second"
control:
    listen: "%%TESTDIR%%/second/knot.sock"
remote:
  - id: primary
    address: 127.0.0.1@%%PORT_8053%%
zone:
  - domain: knot.test
    master: primary
    file: "%%TESTDIR%%/second/knot.zone"
EOF_CONF

mkdir "$dir/$_" for qw/ knot second /;

my $nsd = nsd($t, 8081, 'nsd.test' => 'nsd.zone');

my @pids = $t->spawn('knot.out', 'knotd', '-c', "$dir/knot.conf");

END {
    my $status = $?;

    for (@pids) { kill 'TERM', $_; waitpid $_, 0 }

    $? = $status;
}

$t->run();

my ($port, $tls) = ($t->port(8053), $t->port(8853));

ok($t->wait_for(sub {
    my $r = eval { dns_query($t->port(8082), 'knot.test', 'SOA',
                             timeout => 0.2) };
    return $r && @{$r->{answers}};
}, 15), 'knot has started');

# the records, in an order

sub transfer {
    my ($at, $zone, @options) = @_;

    my $said = `kdig \@127.0.0.1 -p $at +noall +answer $zone @options 2>&1`;

    return join "\n", sort grep { !/^(?:;|\s*$)/ } split /\n/, $said;
}

my $direct = transfer($t->port(8081), 'nsd.test', 'AXFR');

is(() = $direct =~ /^/mg, 10000, 'records of nsd');
is(transfer($port, 'nsd.test', 'AXFR'), $direct, 'AXFR of nsd');
is(transfer($tls, 'nsd.test', 'AXFR', '+tls'), $direct, 'over TLS');

my $knot = transfer($t->port(8082), 'knot.test', 'AXFR');
is(transfer($port, 'knot.test', 'AXFR'), $knot, 'AXFR of knot');

# the second one gets the zone, then a change of it

push @pids, $t->spawn('second.out', 'knotd', '-c', "$dir/second.conf");

sub second { dns_query($t->port(8083), $_[0], $_[1], timeout => 0.5) }

ok($t->wait_for(sub {
    my $r = eval { second('r9996.knot.test', 'A') };
    return $r && @{$r->{answers}};
}, 20), 'a secondary behind nginx');

zone('knot', 2, 'new A 192.0.2.1');
system("knotc -s $dir/knot/knot.sock zone-reload knot.test >$dir/knotc.out 2>&1");

ok($t->wait_for(sub {
    my $r = dns_query($port, 'knot.test', 'SOA');
    return $r && $r->{answers}[0]{data} =~ / 2 3600 /;
}), 'the zone has changed');

$direct = transfer($t->port(8082), 'knot.test', 'IXFR=1');
is(transfer($port, 'knot.test', 'IXFR=1'), $direct, 'IXFR');

system("knotc -s $dir/second/knot.sock zone-refresh knot.test >>$dir/knotc.out 2>&1");

ok($t->wait_for(sub {
    my $r = second('new.knot.test', 'A');
    return $r && @{$r->{answers}} && $t->read_file('second.out') =~ /IXFR/;
}, 10), 'the secondary has it, by IXFR');

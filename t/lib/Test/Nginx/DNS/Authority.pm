package Test::Nginx::DNS::Authority;

# Authoritative name servers that people use, with zones of a test.
#
#   my $nsd = nsd($t, 8081, 'ex.test' => 'zone');
#   my $knot = knot($t, 8082, 'ex.test' => 'zone', 'sub.ex.test' => 'signed');
#
# starts one on 127.0.0.1 and that port, with zone files in the directory of
# the test, and waits until it answers for the first of its zones; it dies if
# it does not.  Options before the zones: { addr => '192.0.2.1', in => $net },
# for an address or a network (see Test::Nginx::DNS::Namespace) of its own.
#
#   $nsd->stop()            it is gone when this returns
#
#   zone($name, @lines)     the text of a zone: SOA, NS and these lines, with
#                           a TTL of an hour
#
# They end with the test.

use warnings;
use strict;

use Exporter qw/ import /;
use Time::HiRes qw/ sleep /;

use Test::Nginx::DNS::Client;

our @EXPORT = qw/ nsd knot zone /;

my @all;


sub zone {
    my ($name, @lines) = @_;

    return join "\n", "\$ORIGIN $name.", '$TTL 3600',
        '@ SOA ns hostmaster 1 3600 600 86400 300', '@ NS ns',
        'ns A 127.0.0.1', @lines, '';
}


sub nsd {
    my ($t, $port, @zones) = @_;

    my %o = ref $zones[0] ? %{shift @zones} : ();
    my $addr = $o{addr} // '127.0.0.1';
    my ($name, $dir) = ("nsd$port", $t->testdir());

    my $conf = <<EOF;
server:
    ip-address: $addr\@%%PORT_$port%%
    zonesdir: "%%TESTDIR%%"
    username: ""
    database: ""
    pidfile: "%%TESTDIR%%/$name.pid"
    xfrdfile: "%%TESTDIR%%/$name.xfrd"
    zonelistfile: "%%TESTDIR%%/$name.zones"
    cookie-secret-file: ""
remote-control:
    control-enable: no
EOF

    my @rest = @zones;

    while (my ($zone, $file) = splice @rest, 0, 2) {
        $conf .= "zone:\n    name: $zone\n    zonefile: $file\n"
            . "    provide-xfr: $addr NOKEY\n";
    }

    $t->write_file_expand("$name.conf", $conf);

    return start($t, $port, $zones[0], \%o, "$name.out",
                 'nsd', '-d', '-c', "$dir/$name.conf");
}


sub knot {
    my ($t, $port, @zones) = @_;

    my %o = ref $zones[0] ? %{shift @zones} : ();
    my $addr = $o{addr} // '127.0.0.1';
    my ($name, $dir) = ("knot$port", $t->testdir());

    mkdir "$dir/$name" or die "$dir/$name: $!\n";

    my $conf = <<EOF;
server:
    listen: $addr\@%%PORT_$port%%
    rundir: "%%TESTDIR%%/$name"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stdout
    any: info
database:
    storage: "%%TESTDIR%%/$name"
zone:
EOF

    my @rest = @zones;

    while (my ($zone, $file) = splice @rest, 0, 2) {
        $conf .= "  - domain: $zone\n    storage: \"%%TESTDIR%%\"\n"
            . "    file: $file\n    zonefile-sync: -1\n";
    }

    $t->write_file_expand("$name.conf", $conf);

    return start($t, $port, $zones[0], \%o, "$name.out",
                 'knotd', '-c', "$dir/$name.conf");
}


sub start {
    my ($t, $port, $zone, $o, $output, @command) = @_;

    unshift @command, $o->{in}->enter() if $o->{in};

    my $self = bless { pid => $t->spawn($output, @command), owner => $$ },
        __PACKAGE__;

    push @all, $self;

    my @where = (addr => $o->{addr} // '127.0.0.1', timeout => 0.2);

    $t->wait_for(sub {
        my $r = eval { dns_query($t->port($port), $zone, 'SOA', @where) };

        return 1 if $r && $r->{aa};

        sleep 0.05;
        return 0;
    }, 15) or die "$command[0] does not start:\n" . $t->read_file($output);

    return $self;
}


sub pid { $_[0]->{pid} }


sub stop {
    my ($self) = @_;

    my $pid = delete $self->{pid} // return;

    kill 'TERM', $pid;
    waitpid $pid, 0;
}


END {
    my $status = $?;

    for (@all) {
        $_->stop() if $_->{owner} == $$;
    }

    $? = $status;
}


1;

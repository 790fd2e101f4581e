#!/usr/bin/perl

# Tests for dns_cookie secret=: a file that is read again when it changes, and
# stays as it was when it has become bad; cookies of knot are accepted here, and
# ours by knot.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Authority;

my $t = Test::Nginx::DNS->new()->plan(21)
    ->allow(qr/\[emerg\].*invalid file/);
my $dir = $t->testdir();

my $first = '00112233445566778899aabbccddeeff';
my $second = 'e5e973e5a6b2a43f48e7dc849e37bfcf';

$t->write_file('secrets', "$first\n");
$t->write_file('zone', zone('test', '* A 192.0.2.1'));
mkdir "$dir/knot" or die "$dir/knot: $!\n";

$t->write_stream(<<'EOF_CONF', workers => 2);
server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_cookie   secret=%%TESTDIR%%/secrets;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}
EOF_CONF

$t->write_file_expand('knot.conf', <<"EOF_CONF");
server:
    listen: 127.0.0.1\@%%PORT_8081%%
    rundir: "%%TESTDIR%%/knot"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stdout
    any: info
database:
    storage: "%%TESTDIR%%/knot"
mod-cookies:
  - id: default
    secret: [ 0x$first ]
    badcookie-slip: 1
template:
  - id: default
    global-module: mod-cookies/default
zone:
  - domain: test
    storage: "%%TESTDIR%%"
    file: zone
    zonefile-sync: -1
EOF_CONF

$t->spawn('knot.out', 'knotd', '-c', "$dir/knot.conf");
$t->run();

my ($port, $knot) = ($t->port(8053), $t->port(8081));
my $client = "\1\2\3\4\5\6\7\x08";

# a query of a cookie alone tells what is thought of it

sub thought {
    my ($cookie, $at) = @_;

    return dns_query($at // $port, '', 'A', question => '', qdcount => 0,
                     timeout => 0.5,
                     edns => { options => [ [ 10, $cookie ] ] });
}

sub cookie {
    my ($m) = @_;

    return (map { $_->[1] } grep { $_->[0] == 10 }
            @{($m // {})->{edns}{options} // []})[0];
}

sub is_good { (thought(@_) // {})->{rcode} // 'none' }

sub lines {
    my ($re) = @_;

    return scalar(() = $t->error_log() =~ /$re/g);
}

# knot and this server have the same secret

my $theirs;

ok($t->wait_for(sub { $theirs = cookie(dns_query($knot, 'a.test', 'A',
    timeout => 0.3, edns => { options => [ [ 10, $client ] ] })) }),
   'a cookie of knot');
is(is_good($theirs), 'NOERROR', 'is good here');

my $ours = cookie(thought($client));
my $m = dns_query($knot, 'a.test', 'A', edns => { options => [ [ 10, $ours ] ]
                                                });

is("$m->{rcode} $m->{aa}", 'NOERROR 1', 'ours is good for knot');

substr $ours, 23, 1, chr(ord(substr $ours, 23) ^ 1);

is(dns_query($knot, 'a.test', 'A', edns => { options => [ [ 10, $ours ] ]
             })->{rcode}, 'BADCOOKIE', 'another one is not');
is(is_good($ours), 'BADCOOKIE', 'nor here');

# rolled over: RFC 9018, 5

my $old = cookie(thought($client));

$t->write_file('secrets', "$second\n$first\n");

my $start = time();

ok($t->wait_for(sub { lines(qr/\[notice\].*secrets" was read, 2 secrets/) },
                12), 'read again');
cmp_ok(time() - $start, '<=', 10, 'within ten seconds');
is(is_good($old), 'NOERROR', 'the second secret is accepted');

my $new = cookie(thought($client));

$m = dns_query($knot, 'a.test', 'A', edns => { options => [ [ 10, $new ] ] });
is($m->{rcode}, 'BADCOOKIE', 'the first makes cookies');

$t->write_file('secrets', "$second\r\n");

ok($t->wait_for(sub { is_good($old) eq 'BADCOOKIE' }, 12),
   'one that is taken out is not accepted');
is(is_good($new), 'NOERROR', 'one that is left is');

# bad ones

$t->write_file('secrets', "not one\n");

ok($t->wait_for(sub { lines(qr/\[error\].*secrets" can't be used: not 32 /) },
                12), 'a bad file');
is(is_good($new), 'NOERROR', 'leaves the old secrets');

sleep 3;
is(lines(qr/can't be used/), 1, 'said once');

unlink "$dir/secrets";

ok($t->wait_for(sub { lines(qr/can't be used: open\(\) failed/) }, 12),
   'one that is gone');
is(is_good($new), 'NOERROR', 'too');

# a reload with a bad file fails, with a good one keeps what is good

$t->write_file('secrets', "");
$t->signal('HUP');

ok($t->wait_for(sub { lines(qr/\[emerg\].*"dns_cookie": invalid file /) }),
   'a reload with a bad one fails');
is(is_good($new), 'NOERROR', 'with the old secrets');

$t->write_file('secrets', "$first\n$second\n");
$t->reload();

is(is_good($new), 'NOERROR', 'a reload with a good one');
is(is_good($old), 'NOERROR', 'reads it');

# workers that may not read it, which nginx -t knows

SKIP: {
    skip 'not root', 1 if $>;

    chmod 0600, "$dir/secrets";

    my $globals = $t->expand('%%TEST_GLOBALS%%')
        =~ s/user root;/user nobody nogroup;/r;
    my $line = 5 + ($globals =~ tr/\n//);

    my (undef, $said) = $t->test_config(<<"EOF_CONF");
$globals
events { }
stream {
    server { listen 127.0.0.1:%%PORT_8054%%; dns_forward . 192.0.2.1;
        dns_cookie secret=$dir/secrets; }
}
EOF_CONF

    like($said, qr/\[warn\].*"dns_cookie".* can't read "\S+": .*, in \S+:$line$/m,
         'a file for root alone');
}

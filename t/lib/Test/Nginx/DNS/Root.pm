package Test::Nginx::DNS::Root;

# A fresh Debian: a copy of a root directory that tools/debian-root made, with
# processes, mounts and a network of its own.  Must be made as root.
#
#   my $root = Test::Nginx::DNS::Root->new($base, $dir);
#
#   my ($code, $output) = $root->run('make', user => 'user', dir => '/tmp');
#   my $pid = $root->start('make run', "$dir.log");
#
#   my $pid = $root->spawn("$dir.load", $root->outside('dnsgen', ...));
#   my $content = slurp("$dir.load");
#
# Its network has the loopback only, so that no port is in use.  Packages come
# from outside all the same: apt's method for http leaves that network.  The
# user may do everything with sudo.  What was downloaded is kept in $base.

use warnings;
use strict;

use Cwd qw/ abs_path /;
use Exporter qw/ import /;
use File::Basename qw/ dirname /;
use POSIX qw/ _exit /;
use Time::HiRes qw/ sleep /;

our @EXPORT = qw/ slurp /;

my $lib = dirname(abs_path(__FILE__)) . '/../../..';
my $serial = 0;


sub new {
    my ($class, $base, $dir) = @_;

    my $self = bless { base => $base, dir => $dir, owner => $$ }, $class;

    system('rm', '-rf', '--one-file-system', $dir);
    system('cp', '-a', $base, $dir) == 0 or die "cannot copy $base\n";

    $self->prepare();
    $self->isolate();

    my ($code, $said) = $self->run('apt-get -q update'
                                   . ' && useradd -m -s /bin/bash user',
                                   user => 'root', dir => '/');
    die "$dir: $said" if $code;

    return $self;
}


sub prepare {
    my ($self) = @_;

    unlink "$self->{dir}/complete";

    # what is installed starts services, as on any Debian; where there is no
    # init, it does so only if it is told that it may

    $self->write('/usr/sbin/policy-rc.d', "#!/bin/sh\nexit 0\n");
    $self->write('/usr/sbin/runlevel', "#!/bin/sh\necho N 2\n");

    $self->write('/etc/sudoers.d/user', "user ALL=(ALL) NOPASSWD: ALL\n");
    $self->write('/etc/hosts', "127.0.0.1 localhost\n127.0.1.1 "
                               . (POSIX::uname())[1] . "\n");
    $self->write('/etc/apt/apt.conf.d/02outside', <<'END');
Dir::Bin::Methods::http "/usr/local/lib/apt-http-outside";
DPkg::Options:: "--force-unsafe-io";
APT::Install-Recommends "false";
END
    $self->write('/usr/local/lib/apt-http-outside', <<'END');
#!/bin/sh
exec nsenter --net=/run/outside /usr/lib/apt/methods/http "$@"
END

    chmod 0755, map { $self->path($_) } '/usr/local/lib/apt-http-outside',
        '/usr/sbin/policy-rc.d', '/usr/sbin/runlevel';
}


# Its first process does nothing; with it all others go.

sub isolate {
    my ($self) = @_;

    $self->{outer} = fork() // die "fork: $!\n";

    if ($self->{outer} == 0) {
        $SIG{$_} = 'DEFAULT' for qw/ INT TERM HUP ALRM PIPE /;

        { exec 'unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh',
            '-ec', <<'END', 'sh', $self->{dir}; }
mount --make-rprivate /
touch "$1/run/outside"
mount --bind /proc/self/ns/net "$1/run/outside"
mount -t proc proc "$1/proc"
exec unshare --net sh -ec '
    ip link set lo up
    touch "$1/run/ready"
    exec chroot "$1" sleep infinity
' sh "$1"
END
        _exit(127);
    }

    for (1 .. 3000) {
        last if -e "$self->{dir}/run/ready";
        sleep 0.01;
    }

    open my $fh, '<', "/proc/$self->{outer}/task/$self->{outer}/children"
        or die "the root does not start\n";

    ($self->{pid}) = (<$fh> // '') =~ /^(\d+)/
        or die "the root does not start\n";
}


# the process in it that all others hang on, as seen from outside

sub pid { $_[0]->{pid} }


sub path { "$_[0]->{dir}$_[1]" }


sub write {
    my ($self, $name, $content) = @_;

    open my $fh, '>', $self->path($name) or die "$name: $!\n";
    print $fh $content;
    close $fh or die "$name: $!\n";
}


sub read {
    my ($self, $name) = @_;

    open my $fh, '<', $self->path($name) or return '';
    local $/;

    return <$fh> // '';
}


sub command {
    my ($self, $command, %o) = @_;

    my $dir = $o{dir} // '/';

    return ('nsenter', '-t', $self->{pid}, '-m', '-p', '-n', '-r', '-w',
            'env', '-i', 'TERM=dumb', 'LC_ALL=C.UTF-8',
            'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin'
            . ':/bin', 'su', $o{user} // 'user', '-s', '/bin/bash', '-c',
            "cd $dir && $command");
}


# (exit code, what it wrote)

sub run {
    my ($self, $command, %o) = @_;

    my $pid = $self->start($command, "$self->{dir}.out", %o);

    waitpid $pid, 0;

    my $code = $? & 127 ? 128 + ($? & 127) : $? >> 8;

    open my $fh, '<', "$self->{dir}.out" or return ($code, '');
    local $/;

    return ($code, <$fh> // '');
}


sub start {
    my ($self, $command, $output, %o) = @_;

    my $pid = fork() // die "fork: $!\n";

    return $pid if $pid;

    alarm 0;
    $SIG{$_} = 'DEFAULT' for qw/ INT TERM HUP ALRM PIPE /;

    open STDIN, '<', '/dev/null';
    open STDOUT, '>', $output;
    open STDERR, '>&', \*STDOUT;

    { exec $self->command($command, %o); }
    _exit(127);
}


# a program of this machine, with the network of the root

sub outside {
    my ($self, @command) = @_;

    return ('nsenter', '-t', $self->{pid}, '-n', @command);
}


# a program in the background, which ends with the root

sub spawn {
    my ($self, $output, @command) = @_;

    my $pid = fork() // die "fork: $!\n";

    if ($pid == 0) {
        alarm 0;
        $SIG{$_} = 'DEFAULT' for qw/ INT TERM HUP ALRM PIPE /;

        open STDOUT, '>', $output;
        open STDERR, '>&', \*STDOUT;
        { exec @command; }
        _exit(127);
    }

    push @{$self->{spawned}}, $pid;

    return $pid;
}


# the address that a new name has, by a query to a port in it

sub ask {
    my ($self, $port, $name) = @_;

    my $script = 'print dns_query($ARGV[0], $ARGV[1], "A")'
                 . '->{answers}[0]{data} // "none", "\n"';

    open my $fh, '-|', $self->outside($^X, "-I$lib",
        '-MTest::Nginx::DNS::Client', '-e', $script, $port // 53,
        $name // 'n' . ++$serial . '.example.com') or die "$!\n";

    return join '', <$fh>;
}


# datagrams that a socket in it had no room for, since nobody read them

sub dropped {
    my ($self) = @_;

    my ($names, $values) = grep { /^Udp: / }
                           split /^/, slurp("/proc/$self->{pid}/net/snmp");
    my %count;

    @count{split ' ', $names} = split ' ', $values;

    return $count{RcvbufErrors};
}


# its nginx workers, as seen from inside

sub workers {
    my ($self) = @_;

    my $all = $self->processes();

    return sort grep { $all->{$_} =~ /nginx: worker process *$/ } keys %$all;
}


# { pid => command line }, as seen from inside

sub processes {
    my ($self) = @_;

    my ($code, $said) = $self->run(<<'END', user => 'root');
for dir in /proc/[0-9]*; do
    echo "${dir##*/} $(tr '\0' ' ' < $dir/cmdline)"
done 2>/dev/null
END

    return { map { /^(\d+) (.+)/ ? ($1 => $2) : () } split /\n/, $said };
}


sub stop {
    my ($self) = @_;

    my $outer = delete $self->{outer} or return;

    for my $pid (@{$self->{spawned} // []}) {
        kill 'KILL', $pid;
        waitpid $pid, 0;
    }

    kill 'KILL', $outer;
    waitpid $outer, 0;

    for (1 .. 500) {
        last if !$self->{pid} || !kill 0, $self->{pid};
        sleep 0.01;
    }

    system('sh', '-c', 'cp -n "$1"/var/cache/apt/archives/*.deb'
           . ' "$2"/var/cache/apt/archives/ 2>/dev/null', 'sh',
           $self->{dir}, $self->{base});
    system('rm', '-rf', '--one-file-system', $self->{dir})
        if !$ENV{TEST_LEAVE};
}


sub slurp {
    my ($file) = @_;

    open my $fh, '<', $file or return '';
    local $/;

    return <$fh> // '';
}


sub DESTROY {
    my ($self) = @_;

    local $?;

    $self->stop() if $self->{owner} == $$;
}


1;
